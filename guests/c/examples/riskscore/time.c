/* time.c reads times of RFC 3339 as Go's time.Parse does. */
#include "payment.h"

/* What is left of a text. After an error, ok is false. */
struct scan {
	const char *at, *end;
	bool ok;
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static int64_t number(struct scan *s, int digits, int64_t low, int64_t high) {
	int64_t n = 0;
	for (int i = 0; i < digits; i++, s->at++) {
		if (s->at >= s->end || !is_digit(*s->at)) {
			s->ok = false;
			return 0;
		}
		n = n * 10 + (*s->at - '0');
	}
	if (n < low || n > high) s->ok = false;
	return n;
}

static void expect(struct scan *s, char c) {
	if (s->at < s->end && *s->at == c) s->at++;
	else s->ok = false;
}

static int64_t days_in(int64_t month, int64_t year) {
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (month == 2) return leap ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static void date(struct scan *s) {
	int64_t year = number(s, 4, 0, 9999);
	expect(s, '-');
	int64_t month = number(s, 2, 1, 12);
	expect(s, '-');
	number(s, 2, 1, days_in(month, year));
}

static void fraction(struct scan *s) {
	if (s->end - s->at < 2 || (*s->at != '.' && *s->at != ',') || !is_digit(s->at[1])) return;
	for (s->at++; s->at < s->end && is_digit(*s->at); s->at++) {}
}

/* Minutes east of UTC. */
static int64_t zone(struct scan *s) {
	char sign = s->at < s->end ? *s->at++ : 0;
	if (sign == 'Z') return 0;
	if (sign != '+' && sign != '-') s->ok = false;
	int64_t hours = number(s, 2, 0, 24);
	expect(s, ':');
	int64_t minutes = hours * 60 + number(s, 2, 0, 60);
	return sign == '-' ? -minutes : minutes;
}

bool read_time(sw_text time, int64_t *minutes) {
	struct scan s = {time.at, time.at + time.size, true};
	date(&s);
	expect(&s, 'T');
	bool short_hour = s.end - s.at >= 2 && s.at[1] == ':'; /* time.Parse takes T7:00 */
	*minutes = 60 * number(&s, short_hour ? 1 : 2, 0, 23);
	expect(&s, ':');
	*minutes += number(&s, 2, 0, 59);
	expect(&s, ':');
	number(&s, 2, 0, 59);
	fraction(&s);
	*minutes -= zone(&s);
	return s.ok && s.at == s.end;
}
