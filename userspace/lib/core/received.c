// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>

#include "error.h"
#include "received.h"

#define KEPT_MAX 65536

static int judge(struct kdtls_received *rec, const struct kdtls_keys *keys)
{
	uint8_t *at = rec->kept.bytes;
	uint8_t *end = at + rec->kept.len;
	struct kdtls_record record;
	struct kdtls_aead aead;
	uint8_t *content;
	size_t len;
	int err =
		kdtls_aead_init(&aead, rec->ops, keys->suite, &keys->rx, false);

	if (err)
		return err;
	while (kdtls_record_next(&at, end, &record))
		if (kdtls_record_open(&aead, &record, &content, &len))
			kdtls_window_mark(&rec->window, record.seq);
	kdtls_aead_wipe(&aead);
	kdtls_buffer_clear(&rec->kept);
	return 0;
}

int kdtls_received_judge(struct kdtls_received *rec,
			 const struct kdtls_keys *keys)
{
	int err = judge(rec, keys);

	if (!err && !rec->window.next)
		err = kdtls_error(EBADMSG,
				  "the keys open none of the records received");
	return err;
}

/* False: too early to judge. */
static bool make_room(struct kdtls_received *rec)
{
	struct kdtls_keys keys;
	int err = rec->derive(rec->arg, &keys);

	if (err == -EAGAIN)
		return false;
	if (!err)
		err = judge(rec, &keys);
	kdtls_keys_wipe(&keys);
	/* Nobody will learn what was received, but it may go on without us. */
	rec->broken = err;
	return true;
}

static bool keep(struct kdtls_received *rec, const struct kdtls_record *record)
{
	if (record->len > KDTLS_RECORD_MAX)
		return true;
	if (kdtls_buffer_append(&rec->kept, record->bytes, record->len,
				KEPT_MAX))
		return true;
	if (!make_room(rec))
		return false;
	return rec->broken || kdtls_buffer_append(&rec->kept, record->bytes,
						  record->len, KEPT_MAX);
}

size_t kdtls_received_take(struct kdtls_received *rec, uint8_t *datagram,
			   size_t len)
{
	struct kdtls_record record;
	uint8_t *at = datagram;

	while (!rec->broken && kdtls_record_next(&at, datagram + len, &record))
		if (record.epoch == KDTLS_EPOCH && !keep(rec, &record))
			return record.bytes - datagram;
	return len;
}

void kdtls_received_wipe(struct kdtls_received *rec)
{
	kdtls_buffer_free(&rec->kept);
}
