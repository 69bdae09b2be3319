package server

import "github.com/swapline/swapline/runtime/problem"

func comparisonEntries() []Entry {
	return []Entry{
		{problem.ComparisonMalformed, 422, "Comparison makes no sense", "The plan, the arms or the inputs cannot be compared like this. `pointer` names the member, `expected` what is possible."},
		{problem.UnknownComparison, 404, "Unknown comparison", "The server has no comparison of this ID. The newest 100 are kept; `GET /v1/comparisons` lists them."},
		{problem.ComparisonRunning, 409, "Comparison is not done", "There is no report yet. Look at the comparison's progress, or cancel it for a partial report."},
		{problem.ComparisonsFull, 429, "Too many comparisons wait", "One comparison runs at a time, since it is measured, and only a few may wait. Repeat it later, or cancel one that waits."},
		{problem.ExperimentMalformed, 422, "Experiment makes no sense", "The plan of the experiment cannot be carried out. `pointer` names the member, `expected` what is possible."},
		{problem.UnknownExperiment, 404, "Unknown experiment", "The strategy has no experiment of this number, or it is older than the 100 rollouts that are kept. `swapline experiment list` lists them."},
		{problem.NoReport, 409, "No report", "Nothing was measured, so that there is nothing to report: it failed, or was cancelled, before the first round."},
	}
}
