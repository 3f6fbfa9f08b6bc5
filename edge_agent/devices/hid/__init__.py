"""Scanners and card readers that are keyboards or HID point-of-sale devices to the kernel."""
