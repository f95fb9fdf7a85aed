// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Is this machine ready? */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "counters.h"
#include "json.h"
#include "kernel.h"
#include "paint.h"
#include "tool.h"

#define CIPHERS_MAX 32
#define CARDS_MAX   64
/* The module or its list, each cipher, all of them, TLS. */
#define MISSING_MAX (CIPHERS_MAX + 3)

/**
 * struct card - a line of /proc/net/dtls_cards
 * @name: the device's
 * @tx: does it encrypt?
 * @rx: does it decrypt?
 * @tx_keys: sending keys in it
 * @rx_keys: receiving keys in it
 */
struct card {
	char name[32];
	bool tx;
	bool rx;
	unsigned int tx_keys;
	unsigned int rx_keys;
};

/**
 * struct cipher - a line of /proc/net/dtls_ciphers
 * @name: as RFCs write it
 * @algorithm: as the kernel's crypto API calls it
 * @driver: who would do it; empty: nobody
 * @error: why nobody, an errno
 */
struct cipher {
	char name[32];
	char algorithm[64];
	char driver[128];
	int error;
};

/**
 * struct missing - something that this machine lacks
 * @needed: can nothing be done without it?
 * @what: it
 * @how: what to do
 */
struct missing {
	bool needed;
	char what[160];
	char how[192];
};

/* All that's told. */
struct findings {
	struct utsname kernel;
	struct module_state dtls, tls;
	enum attach_hook hook;
	struct counters counters;
	int ciphers_error;
	struct cipher ciphers[CIPHERS_MAX];
	unsigned int cipher_count;
	struct card cards[CARDS_MAX];
	unsigned int card_count;
	struct missing missing[MISSING_MAX];
	unsigned int missing_count;
};

static struct {
	bool json;
	const char *netns;
} opt;

static const struct option_row options[] = {
	{ "json", 'j', NULL, "as JSON", OPTION_ON, &opt.json, 0, 0 },
	NETNS_OPTION(opt.netns),
	{ .name = NULL },
};

__attribute__((format(printf, 4, 5))) static void lack(struct findings *f,
						       bool needed,
						       const char *how,
						       const char *what, ...)
{
	struct missing *m = &f->missing[f->missing_count];
	va_list ap;

	if (f->missing_count == MISSING_MAX)
		return;
	f->missing_count++;
	m->needed = needed;
	va_start(ap, what);
	vsnprintf(m->what, sizeof(m->what), what, ap);
	va_end(ap);
	snprintf(m->how, sizeof(m->how), "%s", how);
}

/*
 * A table of /proc/net: @each gets its lines, without the first, which is a
 * heading. 0 or -errno.
 */
static int read_table(struct findings *f, const char *path,
		      void (*each)(struct findings *f, const char *line))
{
	FILE *file = fopen(path, "re");
	bool is_heading = true;
	char line[512];

	if (!file)
		return -errno;
	for (; fgets(line, sizeof(line), file); is_heading = false)
		if (!is_heading)
			each(f, line);
	fclose(file);
	return 0;
}

static void add_cipher(struct findings *f, const char *line)
{
	struct cipher c;

	if (f->cipher_count == CIPHERS_MAX ||
	    sscanf(line, "%31s %*u %63s %127s %d", c.name, c.algorithm,
		   c.driver, &c.error) != 4)
		return;
	if (c.error)
		*c.driver = 0;
	f->ciphers[f->cipher_count++] = c;
}

static void add_card(struct findings *f, const char *line)
{
	char tx[8], rx[8];
	struct card card;

	if (f->card_count == CARDS_MAX ||
	    sscanf(line, "%31s %7s %7s %u %u", card.name, tx, rx, &card.tx_keys,
		   &card.rx_keys) != 5)
		return;
	card.tx = !strcmp(tx, "on");
	card.rx = !strcmp(rx, "on");
	f->cards[f->card_count++] = card;
}

static bool judge_ciphers(struct findings *f)
{
	const struct cipher *c;
	char how[192];
	bool any = false;
	unsigned int i;

	for (i = 0; i < f->cipher_count; i++) {
		c = &f->ciphers[i];
		any = any || *c->driver;
		if (*c->driver)
			continue;
		snprintf(how, sizeof(how),
			 "use a kernel whose crypto API has %s", c->algorithm);
		lack(f, false, how, "%s: %s", c->name, strerror(c->error));
	}
	return any || !f->cipher_count;
}

static void judge(struct findings *f)
{
	if (f->hook == HOOK_NONE)
		lack(f, true, kernel_module_advice(&f->dtls),
		     "the kernel has no DTLS");
	else if (f->ciphers_error == -ENOENT)
		lack(f, false, "install and load one of version " KDTLS_VERSION,
		     "this module doesn't list its ciphers");
	else if (f->ciphers_error)
		lack(f, false, "see the kernel's log (dmesg)",
		     "the module's list of ciphers: %s",
		     strerror(-f->ciphers_error));
	if (!judge_ciphers(f))
		lack(f, true, "load the kernel's crypto modules",
		     "none of the ciphers can be had");
	if (!f->tls.available)
		lack(f, false, "use a kernel with CONFIG_TLS",
		     "TLS over TCP: this kernel has no tls module");
}

static void look(struct findings *f)
{
	uname(&f->kernel);
	kernel_module("dtls", &f->dtls);
	kernel_module("tls", &f->tls);
	f->hook = kernel_hook();
	counters_read(&f->counters);
	read_table(f, "/proc/thread-self/net/dtls_cards", add_card);
	f->ciphers_error =
		read_table(f, "/proc/thread-self/net/dtls_ciphers", add_cipher);
	judge(f);
}

static bool is_ready(const struct findings *f)
{
	unsigned int i;

	for (i = 0; i < f->missing_count; i++)
		if (f->missing[i].needed)
			return false;
	return true;
}

static const char *state_word(const struct module_state *state)
{
	return state->loaded    ? "loaded" :
	       state->available ? "not loaded" :
				  "not installed";
}

static void print_module(const char *label, const char *name,
			 const struct module_state *state, const char *remark)
{
	printf("%-9s module %s, %s%s%s%s%s%s\n", label, name,
	       paint(state->loaded ? GREEN : YELLOW), state_word(state),
	       paint(PLAIN), *state->version ? ", version " : "",
	       state->version, remark);
}

static void print_ciphers(const struct findings *f)
{
	const struct cipher *c;
	unsigned int i;

	for (i = 0; i < f->cipher_count; i++) {
		c = &f->ciphers[i];
		printf("%-9s %-18s %s%s%s\n", i ? "" : "ciphers", c->name,
		       *c->driver ? "" : paint(YELLOW),
		       *c->driver ? c->driver : "no driver", paint(PLAIN));
	}
	if (!f->cipher_count)
		printf("%-9s not known\n", "ciphers");
}

static void print_cards(const struct findings *f)
{
	const struct card *c;
	unsigned int i;

	for (i = 0; i < f->card_count; i++) {
		c = &f->cards[i];
		printf("%-9s %s: encrypts %s, %u keys; decrypts %s, %u keys\n",
		       i ? "" : "cards", c->name, c->tx ? "yes" : "no",
		       c->tx_keys, c->rx ? "yes" : "no", c->rx_keys);
	}
	if (!f->card_count)
		printf("%-9s none that encrypts: all in software\n", "cards");
}

static void print(const struct findings *f)
{
	static const char *const hooks[] = {
		[HOOK_NONE] = "don't take DTLS",
		[HOOK_MODULE] = "take DTLS by the module (DTLS_SO_ULP)",
		[HOOK_KERNEL] = "take DTLS by the kernel's own hook (UDP_ULP)",
	};
	unsigned int i;

	printf("%-9s %s %s\n", "kernel", f->kernel.release, f->kernel.machine);
	print_module("datagrams", "dtls", &f->dtls, "");
	printf("%-9s UDP sockets %s\n", "", hooks[f->hook]);
	printf("%-9s %" PRIu64 " attached, %" PRIu64 " sending and %" PRIu64
	       " receiving keys\n",
	       "sockets", f->counters.sockets, f->counters.tx_keys,
	       f->counters.rx_keys);
	print_ciphers(f);
	print_cards(f);
	print_module("streams", "tls", &f->tls,
		     !f->tls.loaded && f->tls.available ?
			     ": modprobe tls, or the first use loads it" :
			     "");
	for (i = 0; i < f->missing_count; i++)
		printf("%smissing%s   %s: %s\n",
		       paint(f->missing[i].needed ? RED : YELLOW), paint(PLAIN),
		       f->missing[i].what, f->missing[i].how);
	printf("%s%s%s\n", paint(is_ready(f) ? GREEN : RED),
	       is_ready(f) ? "ready" : "not ready", paint(PLAIN));
}

static void json_module(struct json *j, const char *name,
			const struct module_state *state)
{
	json_open(j, name, '{');
	json_bool(j, "loaded", state->loaded);
	json_bool(j, "available", state->available);
	json_text(j, "version", *state->version ? state->version : NULL);
	json_close(j, '}');
}

static void json_ciphers(struct json *j, const struct findings *f)
{
	const struct cipher *c;
	unsigned int i;

	json_open(j, "ciphers", '[');
	for (i = 0; i < f->cipher_count; i++) {
		c = &f->ciphers[i];
		json_open(j, NULL, '{');
		json_text(j, "name", c->name);
		json_text(j, "algorithm", c->algorithm);
		json_text(j, "driver", *c->driver ? c->driver : NULL);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void json_cards(struct json *j, const struct findings *f)
{
	unsigned int i;

	json_open(j, "cards", '[');
	for (i = 0; i < f->card_count; i++) {
		json_open(j, NULL, '{');
		json_text(j, "device", f->cards[i].name);
		json_bool(j, "tx", f->cards[i].tx);
		json_bool(j, "rx", f->cards[i].rx);
		json_number(j, "tx_keys", f->cards[i].tx_keys);
		json_number(j, "rx_keys", f->cards[i].rx_keys);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void json_missing(struct json *j, const struct findings *f)
{
	unsigned int i;

	json_open(j, "missing", '[');
	for (i = 0; i < f->missing_count; i++) {
		json_open(j, NULL, '{');
		json_text(j, "what", f->missing[i].what);
		json_text(j, "how", f->missing[i].how);
		json_bool(j, "needed", f->missing[i].needed);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void print_json(const struct findings *f)
{
	static const char *const hooks[] = { NULL, "module", "kernel" };
	struct json j = { .out = stdout };

	json_open(&j, NULL, '{');
	json_bool(&j, "ready", is_ready(f));
	json_text(&j, "kernel", f->kernel.release);
	json_module(&j, "dtls", &f->dtls);
	json_module(&j, "tls", &f->tls);
	json_text(&j, "hook", hooks[f->hook]);
	json_number(&j, "sockets", f->counters.sockets);
	json_ciphers(&j, f);
	json_cards(&j, f);
	json_missing(&j, f);
	json_close(&j, '}');
	json_line(&j);
}

static enum ending run(char **arguments)
{
	static struct findings found;

	no_arguments(arguments);
	kernel_enter(opt.netns);
	look(&found);
	if (opt.json)
		print_json(&found);
	else
		print(&found);
	return is_ready(&found) ? ENDING_OK : ENDING_NO_DTLS;
}

const struct command command_status = {
	.name = "status",
	.summary =
		"tell whether this machine is ready for DTLS in the kernel, and what it lacks",
	.options = options,
	.run = run,
};
