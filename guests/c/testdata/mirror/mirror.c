/*
 * mirror.c answers with its input, made anew from what it read. Members are put
 * last first, so that each map has to be sorted.
 */
#include "swapline.h"

static void add(sw_out *out, sw_value v);

/* Puts the members from the last to the first. */
static void backwards(sw_out *out, sw_value map) {
	sw_each e = sw_begin(map), *all = sw_alloc((e.left + 1) * sizeof e);
	size_t n = 0;
	while (sw_next(&e)) all[n++] = e;
	for (size_t i = 0; i < n; i++) all[i].value = sw_find(map, all[i].key);
	while (n > 0) {
		sw_member(out, all[--n].key);
		add(out, all[n].value);
	}
}

static void content(sw_out *out, sw_value v) {
	if (sw_kind_of(v) == SW_MAP) {
		backwards(out, v);
	} else {
		for (sw_each e = sw_begin(v); sw_next(&e);) add(out, e.value);
	}
	sw_end(out);
}

static void add(sw_out *out, sw_value v) {
	bool b = false;
	int64_t n = 0;
	double f = 0;
	sw_text t = {0};
	switch (sw_kind_of(v)) {
	case SW_ABSENT: case SW_NULL: sw_add_null(out); break;
	case SW_BOOL: sw_as_bool(v, &b), sw_add_bool(out, b); break;
	case SW_INT: sw_as_int(v, &n), sw_add_int(out, n); break;
	case SW_FLOAT: sw_as_float(v, &f), sw_add_float(out, f); break;
	case SW_TEXT: sw_as_text(v, &t), sw_add_text(out, t); break;
	case SW_BYTES: sw_as_bytes(v, &t), sw_add_bytes(out, t); break;
	case SW_LIST: sw_add_list(out), content(out, v); break;
	case SW_MAP: sw_add_map(out), content(out, v); break;
	}
}

sw_status sw_execute(sw_value in, sw_out *out) {
	backwards(out, in);
	return SW_OK;
}
