"""How a verdict is reached: cases, probes, outcomes, checks, the grade and its reports."""
