"""The storm: receipts while networks are cut and agents killed; then every point is counted."""
