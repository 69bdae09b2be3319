package main

func steps() []step {
	night := func(mcc string) func(map[string]any) {
		return func(in map[string]any) { in["mcc"], in["time"] = mcc, "2026-03-01T05:59:59Z" }
	}
	remote := func(country, mcc string) func(map[string]any) {
		return func(in map[string]any) { in["card_present"], in["card_country"], in["mcc"] = false, country, mcc }
	}
	tiny := func(amount, n int64) func(map[string]any) {
		return func(in map[string]any) { hourly(n)(in); in["amount"] = amount }
	}
	return []step{
		{"ordinary", set("amount", int64(49999)), 0},
		{"high", set("amount", int64(50000)), 15},
		{"below three times", set("amount", int64(149999)), 15},
		{"three times", set("amount", int64(150000)), 30},
		// The amount alone is more than eight high amounts here.
		{"below ten times", set("amount", int64(499999)), 45},
		{"ten times", set("amount", int64(500000)), 60},
		{"3 in an hour", hourly(3), 0},
		{"4 in an hour", hourly(4), 4},
		{"13 in an hour", hourly(13), 40},
		{"14 in an hour", hourly(14), 40},
		{"day below eight times", daily(400000 - 12999 - 1), 0},
		{"day of eight times", daily(400000 - 12999), 15},
		{"tiny after 2", tiny(199, 2), 0},
		{"tiny after 3", tiny(199, 3), 45},
		{"two units after 3", tiny(200, 3), 0},
		{"remote at home", remote("DE", "5411"), 10},
		{"remote abroad", remote("FR", "5411"), 30},
		{"remote abroad, hotel", remote("FR", "7011"), 10},
		{"abroad with the card", set("card_country", "FR"), 0},
		{"elevated category", set("mcc", "5732"), 8},
		{"elevated category at night", night("5732"), 23},
		{"high-risk category at night", night("7995"), 40},
		{"groceries at night", night("5411"), 0},
	}
}
