"""How the learning check's rule is found and what its errors are: `nox -s calibrate`.

`learners` says who is trained, `runs` trains them and keeps their learning curves, `groups` says
what groups of runs do, `design` chooses the rule, and `report` writes down what it is worth.
`gradings` makes the check itself many times over: `nox -s gradings`.
"""
