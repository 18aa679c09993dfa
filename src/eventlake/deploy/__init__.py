"""What derives from declarations and commands: documentation."""
