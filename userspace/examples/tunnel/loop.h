/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Waits for all sockets, and for time. */
#ifndef TUNNEL_LOOP_H
#define TUNNEL_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct source - something that becomes readable
 * @ready: called then; may end any source, this one too
 */
struct source {
	void (*ready)(struct source *source);
};

/* The loop is the program's only one. loop_open() ends the program if it fails. */
void loop_open(void);

/* 0 or -errno. What is watched must be forgotten before it's freed. */
int loop_watch(struct source *source, int fd);
void loop_forget(struct source *source, int fd);

/* On a clock that only goes forward, by milliseconds; read once a turn. */
uint64_t loop_now(void);

/* Reads it again: something has taken long. */
void loop_read_time(void);

/*
 * One turn: waits until @until at most, and calls who is ready. False: a signal
 * asked for the end.
 */
bool loop_turn(uint64_t until);

/* A signal asked for a report, since this was last called. */
bool loop_report_wanted(void);

#endif
