/*
 * main.c runs the strategy mirror on the author's machine, where a sanitizer
 * watches. Standard input is a sequence of records, four bytes of length (big
 * endian) and the input; so is the output, with the answers.
 */
#include "swapline.h"

#include <stdio.h>
#include <stdlib.h>

static size_t length(void) {
	size_t n = 0;
	for (int i = 0; i < 4; i++) {
		int c = getchar();
		if (c == EOF) exit(0);
		n = n << 8 | (size_t)c;
	}
	return n;
}

static void answer(const uint8_t *in, size_t size) {
	static sw_out o;
	o.used = o.depth = 0;
	o.problem = NULL;
	o.frames[0] = (struct sw_frame){.kind = sw_root};
	sw_add_map(&o);
	sw_value input = {in, in + size};
	sw_remember(input);
	sw_execute(input, &o);
	sw_end(&o);
	if (o.problem) o.used = 0;
	for (int shift = 24; shift >= 0; shift -= 8) putchar((int)(o.used >> shift & 0xff));
	fwrite(o.at, 1, o.used, stdout);
}

int main(void) {
	for (;;) {
		size_t size = length();
		uint8_t *in = malloc(size); /* not one byte more, so that reading beyond is noticed */
		if (fread(in, 1, size, stdin) != size) return 1;
		answer(in, size);
		free(in);
	}
}
