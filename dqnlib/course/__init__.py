"""What makes lessons of notebooks: exercises and their checks, progress, predictions, commands.

Nothing here imports training code. Names are loaded when they are first used, and the set-up in
`dqnlib.course.launch` runs where nothing is installed yet: this file imports nothing.
"""
