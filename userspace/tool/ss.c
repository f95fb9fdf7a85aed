// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The attached sockets. */
#include <inttypes.h>
#include <net/if.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/suite.h"
#include "counters.h"
#include "json.h"
#include "kernel.h"
#include "paint.h"
#include "processes.h"
#include "sockets.h"
#include "tool.h"

static struct {
	bool json;
	bool processes;
	bool extended;
	const char *netns;
	struct wanted_sockets wanted;
} opt;

static const struct option_row options[] = {
	{ "processes", 'p', NULL, "the processes that have them open",
	  OPTION_ON, &opt.processes, 0, 0 },
	{ "extended", 'e', NULL, "numbers, limits and drops too", OPTION_ON,
	  &opt.extended, 0, 0 },
	SOCKET_OPTIONS(opt.wanted),
	NETNS_OPTION(opt.netns),
	{ "json", 'j', NULL, "all of it, as JSON", OPTION_ON, &opt.json, 0, 0 },
	{ .name = NULL },
};

/* Of the columns with addresses. */
static int local_width = 16, peer_width = 16;

static struct holder *holders;
static size_t holder_count;

static const struct holder *first_holder(unsigned int inode)
{
	size_t low = 0, high = holder_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (holders[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return holders + low;
}

static bool holds(const struct holder *h, unsigned int inode)
{
	return h < holders + holder_count && h->inode == inode;
}

static const char *place(unsigned int conf)
{
	switch (conf) {
	case TLS_CONF_SW:
		return "SW";
	case TLS_CONF_HW:
		return "HW";
	}
	return "-";
}

static const char *owner(uid_t uid)
{
	static char number[16];
	const struct passwd *user = getpwuid(uid);

	if (user)
		return user->pw_name;
	snprintf(number, sizeof(number), "%u", uid);
	return number;
}

static const char *cipher_name(uint16_t type)
{
	const struct kdtls_suite *suite = kdtls_suite_find(type);

	if (suite)
		return suite->name;
	return type ? "unknown" : "none";
}

static const char *cipher_of(const struct diag_socket *s)
{
	return cipher_name(s->info.tx_cipher ? s->info.tx_cipher :
					       s->info.rx_cipher);
}

/* "1/1", the directions; "-" for one without a key. */
static void print_epochs(const struct diag_socket *s)
{
	char tx[8] = "-", rx[8] = "-", both[20];

	if (s->has_tx)
		snprintf(tx, sizeof(tx), "%u", s->tx.epoch);
	if (s->rx_count)
		snprintf(rx, sizeof(rx), "%u", s->rx[0].epoch);
	snprintf(both, sizeof(both), "%s/%s", tx, rx);
	printf("%-7s ", both);
}

static void print_processes(const struct diag_socket *s)
{
	const struct holder *h = first_holder(s->inode);
	const char *separator = " users:(";
	char name[sizeof(h->name)];

	for (; holds(h, s->inode); h++) {
		memcpy(name, h->name, sizeof(name));
		printf("%s(\"%s\",pid=%u,fd=%u)", separator, tame(name), h->pid,
		       h->fd);
		separator = ",";
	}
	if (*separator == ',')
		putchar(')');
}

static void print_key(const char *direction, const struct key_state *key)
{
	printf("  %s epoch %u: next %" PRIu64 ", records %" PRIu64, direction,
	       key->epoch, key->next, key->records);
	if (*direction == 'r')
		printf(", window %u, failures %" PRIu64, key->window_bits,
		       key->failures);
	printf(", limit %" PRIu64 "\n", key->limit);
}

static void print_extended(const struct diag_socket *s)
{
	const struct counter *counter;
	char device[IF_NAMESIZE];
	unsigned int i;

	if (s->has_tx)
		print_key("tx", &s->tx);
	for (i = 0; i < s->rx_count; i++)
		print_key("rx", &s->rx[i]);
	if (s->device)
		printf("  bound to %s\n", if_indextoname(s->device, device) ?
						  device :
						  "a device that's gone");
	for (counter = counter_table; counter->name; counter++)
		if (counter->is_drop && counter_of(counter, &s->stats))
			printf("  %s%s %" PRIu64 "%s\n", paint(YELLOW),
			       counter->name, counter_of(counter, &s->stats),
			       paint(PLAIN));
}

static void print_socket(const struct diag_socket *s)
{
	char local[SOCKET_ADDRESS_MAX], peer[SOCKET_ADDRESS_MAX],
		window[16] = "-";

	sockets_address(local, s->family, &s->local);
	sockets_address(peer, s->family, &s->peer);
	if (s->rx_count)
		snprintf(window, sizeof(window), "%u", s->rx[0].window_bits);
	printf("%-*s %-*s %-17s ", local_width, local, peer_width, peer,
	       cipher_of(s));
	print_epochs(s);
	printf("%6s %2s/%-2s %-8s %8u sk:%" PRIx64, window,
	       place(s->info.tx_conf), place(s->info.rx_conf), owner(s->uid),
	       s->inode, s->cookie);
	print_processes(s);
	putchar('\n');
	if (opt.extended)
		print_extended(s);
}

static void widen(int *width, const struct diag_socket *s,
		  const struct socket_address *address)
{
	char text[SOCKET_ADDRESS_MAX];
	int len;

	sockets_address(text, s->family, address);
	len = strlen(text);
	if (*width < len)
		*width = len;
}

static void print(const struct diag_socket *sockets, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		widen(&local_width, &sockets[i], &sockets[i].local);
		widen(&peer_width, &sockets[i], &sockets[i].peer);
	}
	printf("%s%-*s %-*s %-17s %-7s %6s %-5s %-8s %8s %s%s\n", paint(BOLD),
	       local_width, "Local", peer_width, "Peer", "Cipher", "Epochs",
	       "Window", "Tx/Rx", "User", "Inode", "Cookie", paint(PLAIN));
	for (i = 0; i < count; i++)
		print_socket(&sockets[i]);
}

static void json_address(struct json *j, const char *name, unsigned int family,
			 const struct socket_address *address)
{
	char text[SOCKET_ADDRESS_MAX];

	sockets_address(text, family, address);
	json_text(j, name, text);
}

static void json_key(struct json *j, const char *name,
		     const struct key_state *key)
{
	json_open(j, name, '{');
	json_number(j, "epoch", key->epoch);
	json_number(j, "window_bits", key->window_bits);
	json_number(j, "next", key->next);
	json_number(j, "records", key->records);
	json_number(j, "failures", key->failures);
	json_number(j, "limit", key->limit);
	json_number(j, "warn", key->warn);
	json_close(j, '}');
}

static void json_keys(struct json *j, const struct diag_socket *s)
{
	unsigned int i;

	if (s->has_tx)
		json_key(j, "tx", &s->tx);
	else
		json_text(j, "tx", NULL);
	json_open(j, "rx", '[');
	for (i = 0; i < s->rx_count; i++)
		json_key(j, NULL, &s->rx[i]);
	json_close(j, ']');
}

static void json_processes(struct json *j, const struct diag_socket *s)
{
	const struct holder *h;

	if (!opt.processes)
		return;
	json_open(j, "processes", '[');
	for (h = first_holder(s->inode); holds(h, s->inode); h++) {
		json_open(j, NULL, '{');
		json_text(j, "name", h->name);
		json_number(j, "pid", h->pid);
		json_number(j, "fd", h->fd);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void json_socket(struct json *j, const struct diag_socket *s)
{
	char cookie[24];

	/* Text: numbers beyond 2^53 aren't safe with all readers of JSON. */
	snprintf(cookie, sizeof(cookie), "sk:%" PRIx64, s->cookie);
	json_open(j, NULL, '{');
	json_text(j, "cookie", cookie);
	json_number(j, "inode", s->inode);
	json_number(j, "uid", s->uid);
	json_address(j, "local", s->family, &s->local);
	json_address(j, "peer", s->family, &s->peer);
	json_number(j, "device", s->device);
	json_text(j, "tx_cipher", cipher_name(s->info.tx_cipher));
	json_text(j, "rx_cipher", cipher_name(s->info.rx_cipher));
	json_text(j, "tx_place", place(s->info.tx_conf));
	json_text(j, "rx_place", place(s->info.rx_conf));
	json_number(j, "tx_payload", s->info.tx_payload);
	json_keys(j, s);
	json_open(j, "stats", '{');
	counters_json(j, &s->stats);
	json_close(j, '}');
	json_processes(j, s);
	json_close(j, '}');
}

static void print_json(const struct diag_socket *sockets, size_t count)
{
	struct json j = { .out = stdout };
	size_t i;

	json_open(&j, NULL, '[');
	for (i = 0; i < count; i++)
		json_socket(&j, &sockets[i]);
	json_close(&j, ']');
	json_line(&j);
}

static enum ending run(char **arguments)
{
	struct diag_socket *sockets;
	size_t count;

	no_arguments(arguments);
	kernel_enter(opt.netns);
	sockets = sockets_get(&opt.wanted, &count);
	if (opt.processes) {
		holders = processes_get(&holder_count);
		if (!holders)
			fail(ENDING_SYSTEM, "/proc can't be read: %m");
	}
	if (opt.json)
		print_json(sockets, count);
	else
		print(sockets, count);
	free(holders);
	free(sockets);
	return ENDING_OK;
}

const struct command command_ss = {
	.name = "ss",
	.summary =
		"list the sockets that the kernel does DTLS for: yours, or as root all",
	.options = options,
	.run = run,
};
