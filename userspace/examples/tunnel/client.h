/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The client's end: attempt.c makes a link, up to where the server has answered;
 * client.c has packets go by it. There's one client in the program.
 */
#ifndef TUNNEL_CLIENT_H
#define TUNNEL_CLIENT_H

#include "ending.h"
#include "path.h"
#include "retry.h"
#include "tunnel.h"

/**
 * struct client - the end
 * @t: what's common to both ends; the loop's
 * @peer: the server
 * @remote: where it is, as resolved last
 * @fresh: a link that isn't in use yet, or NULL
 * @old: one that isn't in use any more, or NULL
 * @old_until_ms: when @old ends
 * @requests: how often the server was asked by @fresh; 0: it's shaking
 * @request_ms: when it's asked again
 * @retry: for another link
 * @refusal: why @fresh isn't to be used, or NULL
 * @config: what the server said first; its addresses stay
 * @is_configured: the device has them
 * @path: to the server, by the current link
 * @rekey_ms: when keys are worn by time
 * @on_route: something in the network has changed
 */
struct client {
	struct tunnel *t;
	struct peer peer;
	struct endpoint remote;
	struct link *fresh;
	struct link *old;
	uint64_t old_until_ms;
	unsigned int requests;
	uint64_t request_ms;
	struct retry retry;
	const char *refusal;
	struct message config;
	bool is_configured;
	struct path path;
	uint64_t rekey_ms;
	struct source on_route;
};

extern struct client client;

/* Goes on with the attempt, or begins one if that's due. */
void attempt_turn(void);
uint64_t attempt_due(void);

/* Ends it; another one may be wanted or not. */
void attempt_end(void);

/* It failed, and won't do better by trying again, if it was so from the start. */
void attempt_refused(enum ending ending, const char *reason);

#endif
