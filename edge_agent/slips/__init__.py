"""What we print at a till or kiosk: slips, their words in Chinese and English, their printing."""
