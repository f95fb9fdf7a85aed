// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "window.h"

static uint64_t *word_of(struct kdtls_window *win, uint64_t seq)
{
	return &win->seen[seq % DTLS_WINDOW_MAX / 64];
}

static bool is_seen(const struct kdtls_window *win, uint64_t seq)
{
	return win->seen[seq % DTLS_WINDOW_MAX / 64] >> seq % 64 & 1;
}

/* Numbers from win->next to @seq come into view, unseen. */
static void slide(struct kdtls_window *win, uint64_t seq)
{
	if (seq - win->next >= DTLS_WINDOW_MAX)
		memset(win->seen, 0, sizeof(win->seen));
	else
		for (; win->next <= seq; win->next++)
			*word_of(win, win->next) &= ~(1ULL << win->next % 64);
	win->next = seq + 1;
}

void kdtls_window_mark(struct kdtls_window *win, uint64_t seq)
{
	if (seq >= win->next)
		slide(win, seq);
	if (win->next - seq <= DTLS_WINDOW_MAX)
		*word_of(win, seq) |= 1ULL << seq % 64;
}

/* A rec_seq can't say 2^48: one number is left, which no peer reaches. */
void kdtls_window_shut(struct kdtls_window *win)
{
	win->next = (1ULL << 48) - 1;
	memset(win->seen, 0xff, sizeof(win->seen));
}

size_t kdtls_window_export(const struct kdtls_window *win, unsigned int bits,
			   uint16_t epoch, struct dtls_window *out)
{
	uint64_t i;

	memset(out, 0, sizeof(*out));
	out->epoch = epoch;
	out->next = win->next;
	for (i = 0; i < bits && i < win->next; i++)
		if (is_seen(win, win->next - 1 - i))
			out->bitmap[i / 64] |= 1ULL << i % 64;
	return offsetof(struct dtls_window, bitmap) + bits / 8;
}
