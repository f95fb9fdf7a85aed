// SPDX-License-Identifier: GPL-2.0
/* RFC 6347, 4.1; RFC 5246, 6.2.3.3; RFC 9146, 4 and 5. */
#include <crypto/aead.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include <linux/dtls.h>

#include "record.h"

#define AAD_MAX    (23 + SIM_CID_MAX)
#define IV_MAX     16
#define OFF_NUMBER 3
#define OFF_CID    11

/* Memory of one operation: nothing that a scatterlist names is on the stack. */
struct operation {
	struct scatterlist sg[2];
	u8 aad[AAD_MAX];
	u8 iv[IV_MAX];
	struct aead_request req CRYPTO_MINALIGN_ATTR;
};

u16 sim_record_epoch(const u8 *record)
{
	return get_unaligned_be16(record + OFF_NUMBER);
}

static size_t header_len(const u8 *record, u8 cid_len)
{
	return SIM_HEADER_LEN + (record[0] == SIM_TYPE_CID ? cid_len : 0);
}

/* Return: the length of the record that @room bytes begin with; -EBADMSG. */
int sim_record_len(const u8 *record, size_t room, u8 cid_len)
{
	size_t front, len;

	if (room < SIM_HEADER_LEN)
		return -EBADMSG;
	front = header_len(record, cid_len);
	if (room < front)
		return -EBADMSG;
	len = front + get_unaligned_be16(record + front - 2);
	return len <= room ? len : -EBADMSG;
}

static bool is_of(const struct sim_protection *key, const u8 *record, size_t len)
{
	size_t front = header_len(record, key->cid_len);

	return sim_record_len(record, len, key->cid_len) == len &&
	       get_unaligned_be16(record + 1) == DTLS_1_2_VERSION &&
	       sim_record_epoch(record) == key->epoch &&
	       (record[0] == SIM_TYPE_CID) == !!key->cid_len &&
	       !memcmp(record + OFF_CID, key->cid, key->cid_len) &&
	       len - front >= key->explicit_len + key->tag_len;
}

static size_t put_aad(const struct sim_protection *key, const u8 *record,
		      u16 text_len, u8 *aad)
{
	if (!key->cid_len) {
		memcpy(aad, record + OFF_NUMBER, 8);
		memcpy(aad + 8, record, 3);
		put_unaligned_be16(text_len, aad + 11);
		return 13;
	}
	memset(aad, 0xff, 8);
	aad[8] = SIM_TYPE_CID;
	aad[9] = key->cid_len;
	memcpy(aad + 10, record, OFF_CID);
	memcpy(aad + 21, key->cid, key->cid_len);
	put_unaligned_be16(text_len, aad + 21 + key->cid_len);
	return 23 + key->cid_len;
}

/* Salt and explicit nonce, or the IV exclusive-ored with the number. */
static void put_iv(const struct sim_protection *key, const u8 *record,
		   const u8 *explicit, u8 *iv)
{
	int i;

	if (key->ccm_flags)
		*iv++ = key->ccm_flags;
	memcpy(iv, key->iv, key->iv_len);
	if (key->explicit_len) {
		memcpy(iv + key->iv_len, explicit, key->explicit_len);
		return;
	}
	for (i = 0; i < 8; i++)
		iv[SIM_NONCE_LEN - 8 + i] ^= record[OFF_NUMBER + i];
}

static int run(const struct sim_protection *key, u8 *record, size_t len,
	       int (*crypt)(struct aead_request *req), u8 extra)
{
	size_t front = header_len(record, key->cid_len) + key->explicit_len;
	u16 text_len = len - front - key->tag_len;
	struct operation *op;
	size_t aad_len;
	int err;

	op = kzalloc(sizeof(*op) + crypto_aead_reqsize(key->tfm), GFP_ATOMIC);
	if (!op)
		return -ENOMEM;
	aad_len = put_aad(key, record, text_len, op->aad);
	put_iv(key, record, record + front - key->explicit_len, op->iv);
	sg_init_table(op->sg, ARRAY_SIZE(op->sg));
	sg_set_buf(&op->sg[0], op->aad, aad_len);
	sg_set_buf(&op->sg[1], record + front, text_len + key->tag_len);
	aead_request_set_tfm(&op->req, key->tfm);
	aead_request_set_callback(&op->req, 0, NULL, NULL);
	aead_request_set_ad(&op->req, aad_len);
	aead_request_set_crypt(&op->req, op->sg, op->sg, text_len + extra,
			       op->iv);
	err = crypt(&op->req);
	kfree_sensitive(op);
	return err;
}

/*
 * In linear memory that nobody else sees; room for the tag is there.
 * Return: 0; -EBADMSG if it's not a record of this key; -ENOMEM; an error of
 *	the cipher.
 */
int sim_record_encrypt(const struct sim_protection *key, u8 *record, size_t len)
{
	if (!is_of(key, record, len))
		return -EBADMSG;
	return run(key, record, len, crypto_aead_encrypt, 0);
}

/* Likewise; -EBADMSG too if it isn't authentic, and the text is lost then. */
int sim_record_decrypt(const struct sim_protection *key, u8 *record, size_t len)
{
	if (!is_of(key, record, len))
		return -EBADMSG;
	return run(key, record, len, crypto_aead_decrypt, key->tag_len);
}
