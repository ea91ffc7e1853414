"""What maintaining the course needs; nothing here is installed with the package."""
