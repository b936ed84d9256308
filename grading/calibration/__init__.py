"""How the rule of a learning check is found and what its errors are: `nox -s calibrate`.

`subjects` says which checks there are, `learners` who is trained for them, `runs` trains them and
keeps their learning curves, `groups` says what groups of runs do, `design` chooses the rule, and
`report` writes down what it is worth.
`gradings` makes the check itself many times over: `nox -s gradings`.
"""
