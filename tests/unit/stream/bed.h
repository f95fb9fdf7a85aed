/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of the hand-over of streams have in common. */
#ifndef TESTS_UNIT_STREAM_BED_H
#define TESTS_UNIT_STREAM_BED_H

#include <stdbool.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/tls.h>

#include "fake.h"
#include "interop/live/pair.h"

__attribute__((format(printf, 2, 3))) bool ok(bool good, const char *format,
					      ...);
/* A test if it's not so. */
bool expect(int got, int want);
/* The plan; main()'s exit status. */
int finish(void);

/* A connection, and a new fake. It ends the program if there's none. */
void begin(struct pair *p, const struct transport *t, const char *cipher,
	   int ours, int how, bool takes_next_keys);
const char *cipher_of(const struct transport *t);

/* So many bytes, of a content that goes by their number. */
void say(SSL *ssl, int len);
void hear(SSL *ssl, int len);
bool we_say(struct pair *p, int len);
bool we_hear(struct pair *p, int len);
/* Of a record of so much more that was given out by pieces. */
bool we_hear_rest(struct pair *p, int len);
/* Both ways. */
bool flows(struct pair *p, int len);

void nonblocking(int fd, bool on);

#endif
