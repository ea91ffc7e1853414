"""The errors that a person can put right; a command prints them without a traceback."""


class UserError(Exception):
    """Something in the files or the settings is wrong; the message says what to do."""


class InfrastructureError(Exception):
    """The grader itself failed, through no fault of an answer; there is no score."""
