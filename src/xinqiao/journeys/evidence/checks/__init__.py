"""What is asked of a pack. Each question reads members alone: no database, no network, no clock."""
