"""What does each reader find in the bot's Home, and what may they change there?"""
