package main

func steps() []step {
	return []step{
		{"ordinary", set("amount", int64(49999)), 0},
		{"high", set("amount", int64(50000)), 20},
		{"below four times", set("amount", int64(199999)), 20},
		{"four times", set("amount", int64(200000)), 35},
		{"other currency below the default", set("currency", "SEK"), 0},
		{"4 in an hour", hourly(4), 0},
		{"5 in an hour", hourly(5), 20},
		{"9 in an hour", hourly(9), 20},
		{"10 in an hour", hourly(10), 35},
		{"day below eight times", daily(400000 - 12999 - 1), 0},
		{"day of eight times", daily(400000 - 12999), 15},
		{"abroad", set("card_country", "FR"), 15},
		{"last minute of the night", set("time", "2026-03-01T05:59:59Z"), 10},
		{"morning", set("time", "2026-03-01T06:00:00Z"), 0},
		{"elevated category", set("mcc", "5732"), 10},
		{"high-risk category", set("mcc", "7995"), 25},
	}
}
