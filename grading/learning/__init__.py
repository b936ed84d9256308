"""Does it learn? A group of runs, trained with the solution's step and judged by a rule.

`group` trains, each run in a `disguise` and some of them with an `audit`; `rule` judges the
learning curves, by bounds that `grading.calibration` has chosen; `curve` draws them. `verdict` is
what the learning checks have in common.
"""
