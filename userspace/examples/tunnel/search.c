// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "search.h"
#include "tunnel.h"

#define ROUNDS   3
#define ROUND_MS 1000

/* By how much shorter than the limit: PPPoE, IPv6, VLANs, tunnels, and theirs. */
static const size_t shorter[] = { 0,   8,   20,  28,  40,  60,  80,
				  100, 120, 140, 160, 200, 220, 240,
				  280, 320, 400, 500, 600, 700, 800 };

/* From jumbo frames down to what's usual. */
static const size_t usual[] = { 4000, 1440, 1400, 1360, 1280, 1200, 1000, 800 };

/* What doesn't even leave doesn't come back. */
static void send_probe(struct search *search, struct link *link, size_t len)
{
	struct message probe = { .kind = MESSAGE_PROBE, .bytes = len };

	if (len > search->found)
		tunnel_tell(link, &probe);
}

static void send_round(struct search *search, struct link *link)
{
	size_t lowest = search->limit;
	unsigned int i;

	for (i = 0; i < sizeof(shorter) / sizeof(shorter[0]); i++) {
		if (search->limit < SEARCH_MIN + shorter[i])
			break;
		lowest = search->limit - shorter[i];
		send_probe(search, link, lowest);
	}
	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (usual[i] < lowest)
			send_probe(search, link, usual[i]);
	search->rounds++;
	search->next_ms = loop_now() + ROUND_MS;
}

void search_begin(struct search *search, struct link *link, size_t limit)
{
	*search = (struct search) {
		.limit = limit,
		.found = SEARCH_MIN,
		.is_done = limit <= SEARCH_MIN,
	};
	if (!search->is_done)
		send_round(search, link);
}

void search_echo(struct search *search, size_t len)
{
	if (search->is_done || len > search->limit || len <= search->found)
		return;
	search->found = len;
	search->is_done = len == search->limit;
}

void search_turn(struct search *search, struct link *link)
{
	if (search->is_done || loop_now() < search->next_ms)
		return;
	if (search->rounds < ROUNDS)
		send_round(search, link);
	else
		search->is_done = true;
}
