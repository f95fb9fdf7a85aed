// SPDX-License-Identifier: GPL-2.0
/* One key and the kernel's AEAD for it: seals and opens a record in place. */
#include <crypto/aead.h>
#include <linux/crypto.h>
#include <linux/err.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "aead.h"

/**
 * struct dtls_aead - a key, immutable once made
 * @tfm: the cipher with its key
 * @cipher: its lengths
 * @fixed_iv: the write IV from the key block
 */
struct dtls_aead {
	struct crypto_aead		*tfm;
	const struct dtls_cipher	*cipher;
	u8				fixed_iv[DTLS_CIPHER_NONCE_LEN];
};

/* CCM's: a byte of flags, the nonce, a counter that begins at zero. */
#define MAX_IV_LEN	16

/**
 * struct op - what one operation needs in memory that a scatterlist may name
 * @wait: completion of a cipher that answers later
 * @sg: additional data, then text and tag
 * @aad: additional data
 * @iv: the record's nonce, in the form that the cipher's template wants
 * @req: the request, with the cipher's own space behind it
 */
struct op {
	struct crypto_wait	wait;
	struct scatterlist	sg[2];
	u8			aad[DTLS_RECORD_AAD_MAX];
	u8			iv[MAX_IV_LEN];
	struct aead_request	req CRYPTO_MINALIGN_ATTR;
};

/**
 * dtls_aead_alloc() - make a key
 * @cipher: which AEAD
 * @key: @cipher->key_len bytes
 * @fixed_iv: the write IV, @cipher->fixed_iv_len bytes
 *
 * Context: process.
 * Return: the key; ERR_PTR of -ENOENT if the kernel lacks the cipher, -ENOMEM,
 *	or what the cipher says of the key.
 */
struct dtls_aead *dtls_aead_alloc(const struct dtls_cipher *cipher,
				  const u8 *key, const u8 *fixed_iv)
{
	struct dtls_aead *aead;
	int err;

	aead = kzalloc(sizeof(*aead), GFP_KERNEL_ACCOUNT);
	if (!aead)
		return ERR_PTR(-ENOMEM);

	aead->cipher = cipher;
	memcpy(aead->fixed_iv, fixed_iv, cipher->fixed_iv_len);
	/*
	 * Not masking CRYPTO_ALG_ASYNC: on older kernels that would pass over
	 * the fast GCM for a generic one. In process context we can wait.
	 */
	aead->tfm = crypto_alloc_aead(cipher->alg, 0, 0);
	if (IS_ERR(aead->tfm)) {
		err = PTR_ERR(aead->tfm);
		goto free_aead;
	}
	err = crypto_aead_setkey(aead->tfm, key, cipher->key_len);
	if (err)
		goto free_tfm;
	err = crypto_aead_setauthsize(aead->tfm, cipher->tag_len);
	if (err)
		goto free_tfm;
	return aead;

free_tfm:
	crypto_free_aead(aead->tfm);
free_aead:
	kfree_sensitive(aead);
	return ERR_PTR(err);
}

/**
 * dtls_aead_free() - wipe and free a key
 * @aead: the key; nobody uses it any more
 *
 * Context: process.
 */
void dtls_aead_free(struct dtls_aead *aead)
{
	crypto_free_aead(aead->tfm);
	kfree_sensitive(aead);
}

/**
 * dtls_aead_cipher() - which cipher a key is for
 * @aead: the key
 *
 * Context: any.
 * Return: the cipher's row.
 */
const struct dtls_cipher *dtls_aead_cipher(const struct dtls_aead *aead)
{
	return aead->cipher;
}

static u16 payload_len(const struct dtls_aead *aead,
		       const struct dtls_record *rec)
{
	return rec->len - dtls_cipher_expansion(aead->cipher);
}

static void put_iv(const struct dtls_aead *aead, const struct dtls_record *rec,
		   const u8 *fragment, u8 *iv)
{
	const struct dtls_cipher *cipher = aead->cipher;

	memset(iv, 0, MAX_IV_LEN);
	if (cipher->ccm_flags)
		*iv++ = cipher->ccm_flags;
	dtls_cipher_put_nonce(cipher, iv, aead->fixed_iv, fragment,
			      rec->number);
}

static struct op *op_alloc(const struct dtls_aead *aead,
			   const struct dtls_record *rec, u8 *fragment)
{
	const struct dtls_cipher *cipher = aead->cipher;
	u16 len = payload_len(aead, rec);
	size_t aad_len;
	struct op *op;

	op = kmalloc(sizeof(*op) + crypto_aead_reqsize(aead->tfm), GFP_KERNEL);
	if (!op)
		return NULL;

	aad_len = dtls_record_put_aad(op->aad, rec, len);
	put_iv(aead, rec, fragment, op->iv);

	sg_init_table(op->sg, ARRAY_SIZE(op->sg));
	sg_set_buf(&op->sg[0], op->aad, aad_len);
	sg_set_buf(&op->sg[1], fragment + cipher->explicit_len,
		   len + cipher->tag_len);

	crypto_init_wait(&op->wait);
	aead_request_set_tfm(&op->req, aead->tfm);
	aead_request_set_callback(&op->req, CRYPTO_TFM_REQ_MAY_SLEEP |
				  CRYPTO_TFM_REQ_MAY_BACKLOG,
				  crypto_req_done, &op->wait);
	aead_request_set_ad(&op->req, aad_len);
	return op;
}

/* Only after the cipher has answered: it may still write here before. */
static void op_free(struct op *op)
{
	kfree_sensitive(op);
}

/**
 * dtls_aead_seal() - encrypt a record where it stands
 * @aead: the key
 * @rec: its header; @rec->number was never used with this key before
 * @fragment: @rec->len bytes in memory that a scatterlist may name: room for
 *	the explicit nonce, the content, room for the tag
 *
 * Context: process; waits for a cipher that answers later.
 * Return: 0; -ENOMEM; what the cipher says.
 * Source: RFC 5246, 6.2.3.3; RFC 5288; RFC 6655; RFC 7905.
 */
int dtls_aead_seal(const struct dtls_aead *aead, const struct dtls_record *rec,
		   u8 *fragment)
{
	struct op *op;
	int err;

	dtls_cipher_put_explicit(aead->cipher, fragment, rec->number);
	op = op_alloc(aead, rec, fragment);
	if (!op)
		return -ENOMEM;

	aead_request_set_crypt(&op->req, op->sg, op->sg, payload_len(aead, rec),
			       op->iv);
	err = crypto_wait_req(crypto_aead_encrypt(&op->req), &op->wait);
	op_free(op);
	return err;
}

/**
 * dtls_aead_open() - authenticate and decrypt a record where it stands
 * @aead: the key
 * @rec: its header; @rec->len is at least the cipher's expansion
 * @fragment: @rec->len bytes, as for dtls_aead_seal(); after a failure they
 *	hold nothing that may be used
 *
 * Context: process; waits for a cipher that answers later.
 * Return: 0, and the content stands behind the explicit nonce; -EBADMSG if the
 *	record isn't authentic; -ENOMEM; what the cipher says.
 * Source: RFC 5246, 6.2.3.3; RFC 5288; RFC 6655; RFC 7905.
 */
int dtls_aead_open(const struct dtls_aead *aead, const struct dtls_record *rec,
		   u8 *fragment)
{
	struct op *op;
	int err;

	op = op_alloc(aead, rec, fragment);
	if (!op)
		return -ENOMEM;

	aead_request_set_crypt(&op->req, op->sg, op->sg, op->sg[1].length,
			       op->iv);
	err = crypto_wait_req(crypto_aead_decrypt(&op->req), &op->wait);
	op_free(op);
	return err;
}
