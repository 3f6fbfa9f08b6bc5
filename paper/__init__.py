"""How text sits on thermal paper: width in columns, layout, and the bytes of what we print.

Owns nothing but pure functions and values. It must never open a device, read a clock or import
another room of this house: both the till and central lay their paper out with it.
"""
