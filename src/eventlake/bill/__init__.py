"""What a lake costs on AWS: from events and prices to the lines of a month's bill, and what would change it."""
