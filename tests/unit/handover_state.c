// SPDX-License-Identifier: GPL-2.0
/*
 * An association leaves the process and comes back: by a fake kernel, in which
 * that's another socket.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "core/association.h"
#include "handover/bed.h"

static uint8_t state[131072];

/* Both directions have passed data, with a gap in what was received. */
static struct kdtls *begin_kept(struct link *l, struct end **e)
{
	struct kdtls *k;
	int i;

	*e = begin(l, ciphers[1], SERVER);
	attach_flags = KDTLS_KEEP_KEYS;
	k = attach(*e, 0);
	fake.end = *e;
	(*e)->peer->sent = 0;
	(*e)->peer->lose = 4;
	for (i = 0; i < 5; i++) {
		say((*e)->peer, "before");
		if (i != 2)
			ok(recv_is(k, 23, "before", 6), "data from the peer");
	}
	kdtls_send(k, KDTLS_DATA, "sent before", 11, 0);
	ok(hears((*e)->peer, "sent before"), "data to the peer");
	return k;
}

/* What's on the way stays there, all else is another socket's. */
static struct kdtls *import_anew(struct end *e, size_t len, unsigned int flags)
{
	struct kdtls *k;
	int err;

	fake_install();
	err = kdtls_import(state, len, udp_socket(true), flags, &k);
	if (err)
		ok(false, "import: %d, %s", err, kdtls_error_text());
	fake.end = e;
	return k;
}

static void association_goes_on(void)
{
	struct dtls_params params;
	struct fake_key tx, rx;
	struct kdtls *k, *other;
	uint8_t replayed[128];
	size_t replayed_len;
	struct link l;
	struct end *e;
	ssize_t len;

	k = begin_kept(&l, &e);
	say(e->peer, "replayed");
	replayed_len = e->inbox->len;
	memcpy(replayed, e->inbox->bytes, replayed_len);
	ok(recv_is(k, 23, "replayed", 8), "data to be replayed");
	len = kdtls_export(k, NULL, 0);
	ok(len > 0 && !fake.frozen, "export: length first");
	ok(kdtls_export(k, state, len - 1) == -ENOSPC && !fake.frozen,
	   "export: no room, nothing happens");
	ok(kdtls_export(k, state, len) == len &&
		   fake.frozen == (1 << TLS_TX | 1 << TLS_RX),
	   "export: both directions are frozen");
	ok(kdtls_export(k, state + len, len) == -ENOKEY, "export: once only");
	ok(kdtls_send(k, KDTLS_DATA, "x", 1, 0) == -EKEYREVOKED,
	   "export: nothing is sent any more");
	tx = fake.tx;
	rx = fake.rx;
	params = fake.params;
	other = import_anew(e, len, 0);
	ok(!memcmp(&params, &fake.params, sizeof(params)), "parameters");
	ok(fake.tx.seq == tx.seq && !memcmp(tx.key, fake.tx.key, 32) &&
		   !memcmp(tx.iv, fake.tx.iv, 12),
	   "A2 next number goes on");
	ok(!memcmp(rx.key, fake.rx.key, 32) && !memcmp(rx.iv, fake.rx.iv, 12),
	   "receiving key");
	ok(window_is_exact(e), "A15 receive window goes on");
	ok(fake.limits.tx_records == 999 && fake.limits.tx_warn == 899 &&
		   fake.limits.rx_failures == 2000 &&
		   fake.limits.rx_warn == 1900,
	   "B7 limits go on");
	end_inject(e, replayed, replayed_len, false);
	say(e->peer, "after");
	ok(recv_is(other, 23, "after", 5), "A13 replay is refused elsewhere");
	kdtls_send(other, KDTLS_DATA, "sent after", 10, 0);
	ok(hears(e->peer, "sent after"), "data to the peer from elsewhere");
	ok(!e->reused, "no number is used twice");
	ok(!strcmp(kdtls_cipher(other), kdtls_cipher(k)), "cipher");
	ok(kdtls_export(other, NULL, 0) == -ENOKEY,
	   "keys weren't kept the second time");
	detach(k);
	detach(other);
	link_close(&l);
}

static void flight_goes_along(void)
{
	struct kdtls *k, *other;
	struct link l;
	struct end *e = begin_tapped(&l, SERVER);
	ssize_t len;

	attach_flags = KDTLS_KEEP_KEYS;
	k = attach_at_last_flight(&l, e, SERVER, 1);
	link_wait(100);
	len = kdtls_export(k, state, sizeof(state));
	ok(len > 0 && !k->flight.is_whole, "flight: exported");
	other = import_anew(e, len, KDTLS_KEEP_KEYS);
	ok(other->flight.until_ms == link_now_ms() + 140 * 1000,
	   "flight: for the rest of its time");
	DTLSv1_handle_timeout(e->peer->ssl);
	ok(recv_is(other, 0, "", 0) == false && e->inbox == NULL,
	   "flight: a Finished is dealt with elsewhere");
	end_settle(e->peer);
	ok(SSL_is_init_finished(e->peer->ssl),
	   "A16 flight is repeated elsewhere");
	ok(!e->reused, "flight: no number is used twice");
	ok(kdtls_export(other, NULL, 0) > 0, "flight: it may go on from there");
	detach(k);
	detach(other);
	link_close(&l);
}

static void what_cant_be_exported(void)
{
	struct kdtls *k;
	struct link l;
	struct end *e;

	e = begin(&l, ciphers[0], 0);
	k = attach(e, 0);
	ok(kdtls_export(k, state, sizeof(state)) == -ENOKEY,
	   "keys not kept: %s", kdtls_error_text());
	detach(k);
	link_close(&l);

	e = begin(&l, ciphers[0], 0);
	e->peer->glue = 1;
	say(e->peer, "first");
	say(e->peer, "second");
	hears(e, "first");
	attach_flags = KDTLS_KEEP_KEYS;
	k = attach(e, 0);
	ok(kdtls_export(k, state, sizeof(state)) == -EBUSY && !fake.frozen,
	   "a record is pending: %s", kdtls_error_text());
	ok(recv_is(k, 23, "second", 6) &&
		   kdtls_export(k, state, sizeof(state)) > 0,
	   "then it was read");
	detach(k);
	link_close(&l);

	e = begin(&l, ciphers[0], 0);
	attach_flags = KDTLS_KEEP_KEYS;
	k = attach(e, 0);
	fake.tx.seq = 1ULL << 48;
	ok(kdtls_export(k, state, sizeof(state)) == -EKEYEXPIRED,
	   "A3 at the last number: %s", kdtls_error_text());
	detach(k);
	link_close(&l);
}

static int import_of(const void *bytes, size_t len, unsigned int flags)
{
	int err, fd = udp_socket(true);
	struct kdtls *k;

	fake_install();
	err = kdtls_import(bytes, len, fd, flags, &k);
	ok(!err == !!k, "import says %d", err);
	kdtls_free(k);
	close(fd);
	return err;
}

/* On its own, so that a byte too many is seen. */
static bool all_cuts_are_refused(size_t len)
{
	bool refused = true;
	size_t cut;
	uint8_t *bytes;
	struct kdtls *k;
	int fd = udp_socket(true);

	for (cut = 0; cut < len; cut++) {
		bytes = malloc(cut ? cut : 1);
		memcpy(bytes, state, cut);
		refused &= kdtls_import(bytes, cut, fd, 0, &k) == -EINVAL;
		free(bytes);
	}
	close(fd);
	return refused && !fake.calls;
}

static bool damage_is_refused(size_t at, uint8_t value, size_t len, int want)
{
	uint8_t was = state[at];
	int err;

	state[at] = value;
	err = import_of(state, len, 0);
	state[at] = was;
	return err == want && !fake.tx.set;
}

static void damaged_state_is_refused(void)
{
	struct kdtls *k;
	struct link l;
	struct end *e;
	ssize_t len;

	k = begin_kept(&l, &e);
	len = kdtls_export(k, state, sizeof(state));
	fake_install();
	ok(all_cuts_are_refused(len), "cut anywhere it's refused");
	ok(import_of(state, len + 1, 0) == -EINVAL, "too long it's refused");
	ok(damage_is_refused(7, 2, len, -EPROTONOSUPPORT),
	   "another version: %s", kdtls_error_text());
	ok(damage_is_refused(0, 'x', len, -EINVAL), "no state: %s",
	   kdtls_error_text());
	ok(damage_is_refused(12, 0x77, len, -EOPNOTSUPP), "unknown cipher: %s",
	   kdtls_error_text());
	/* window_bits, and the epochs: sending's, receiving's */
	ok(damage_is_refused(19, 0xff, len, -EINVAL), "odd window");
	ok(damage_is_refused(121, 2, len, -EINVAL), "odd epoch");
	ok(damage_is_refused(173, 2, len, -EINVAL), "other odd epoch");
	ok(import_of(state, len, 4) == -EINVAL, "unknown flags");
	ok(!import_of(state, len, 0), "undamaged it's taken");
	detach(k);
	link_close(&l);
}

static void limits_that_are_reached_stay_so(void)
{
	struct kdtls *k;
	struct link l;
	struct end *e;
	ssize_t len;

	k = begin_kept(&l, &e);
	fake.tx_records = 1000;
	fake.params.flags |= DTLS_PARAM_SOFT_LIMITS;
	len = kdtls_export(k, state, sizeof(state));
	ok(!import_of(state, len, 0) && fake.limits.tx_records == 1 &&
		   fake.limits.tx_warn == 1,
	   "B7 soft limit stays reached");
	detach(k);
	link_close(&l);
	k = begin_kept(&l, &e);
	fake.rx_failures = 2000;
	len = kdtls_export(k, state, sizeof(state));
	ok(import_of(state, len, 0) == -EKEYEXPIRED && !fake.tx.set,
	   "B7 limit stays reached");
	detach(k);
	link_close(&l);
}

static void detached_keys_are_wiped(void)
{
	static const struct kdtls_keys none;
	struct kdtls *k;
	struct link l;
	struct end *e;

	k = begin_kept(&l, &e);
	ok(k->flight.is_whole && k->keys.suite, "detach: there's what to wipe");
	ok(kdtls_detach(k, 7) == -EINVAL && k->keys.suite,
	   "detach: how is unknown");
	ok(!kdtls_detach(k, DTLS_DETACH_REFUSE) &&
		   fake.detached == DTLS_DETACH_REFUSE && !k->flight.is_whole &&
		   !memcmp(&k->keys, &none, sizeof(none)),
	   "detach: it's wiped");
	ok(!kdtls_detach(k, DTLS_DETACH_PLAINTEXT) &&
		   fake.detached == DTLS_DETACH_PLAINTEXT,
	   "detach: plaintext");
	ok(kdtls_export(k, state, sizeof(state)) == -ENOKEY,
	   "detach: nothing to export");
	detach(k);
	link_close(&l);
}

int main(void)
{
	association_goes_on();
	flight_goes_along();
	what_cant_be_exported();
	damaged_state_is_refused();
	limits_that_are_reached_stay_so();
	detached_keys_are_wiped();
	return finish();
}
