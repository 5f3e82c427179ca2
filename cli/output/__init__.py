"""What commands show: tables, bars, JSON lines."""
