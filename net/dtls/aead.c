// SPDX-License-Identifier: GPL-2.0
/* One key and the kernel's AEAD for it: seals and opens records. */
#include <crypto/aead.h>
#include <linux/crypto.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/percpu.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "aead.h"

/* CCM's: a byte of flags, the nonce, a counter that begins at zero. */
#define MAX_IV_LEN	16

/* Additional data, then text and tag. */
#define NENTS_FROM	2

/*
 * Each processor keeps one for the next record, in a page: a record costs no
 * allocation then.
 */
#define SPARE_SIZE	PAGE_SIZE

static DEFINE_PER_CPU(struct dtls_aead_op *, spare_op);

/**
 * struct dtls_aead_op - what operations need in memory that a scatterlist may
 *	name, one operation after the other
 * @aead: the key
 * @wait: completion of a cipher that answers later
 * @from: additional data, then text and tag
 * @to: likewise; where it stands in place, @from
 * @room: the caller's memory
 * @size: as far as the scatterlists, bytes; 0: not laid out yet
 * @nents: pieces of memory that @to may name; 0: it's @from
 * @is_spare: it has the size of those that a processor keeps
 * @leaves_key: the cipher leaves something secret in @req
 * @aad: additional data
 * @iv: the record's nonce, in the form that the cipher's template wants
 * @req: the request; behind it the cipher's own space, the scatterlists, the
 *	caller's memory
 */
struct dtls_aead_op {
	const struct dtls_aead	*aead;
	struct crypto_wait	wait;
	struct scatterlist	*from;
	struct scatterlist	*to;
	u8			*room;
	size_t			size;
	unsigned int		nents;
	bool			is_spare;
	bool			leaves_key;
	u8			aad[DTLS_RECORD_AAD_MAX];
	u8			iv[MAX_IV_LEN];
	struct aead_request	req CRYPTO_MINALIGN_ATTR;
};

static struct dtls_aead *aead_alloc(const struct dtls_cipher *cipher,
				    const u8 *key, const u8 *fixed_iv,
				    bool is_sync)
{
	struct dtls_aead *aead;
	int err;

	aead = kzalloc(sizeof(*aead), GFP_KERNEL_ACCOUNT);
	if (!aead)
		return ERR_PTR(-ENOMEM);

	aead->cipher = cipher;
	aead->is_sync = is_sync;
	memcpy(aead->fixed_iv, fixed_iv, cipher->fixed_iv_len);
	/*
	 * Masking CRYPTO_ALG_ASYNC passes over the fast GCM of older kernels,
	 * for a generic one: not where we can wait, in process context.
	 */
	aead->tfm = crypto_alloc_aead(cipher->alg, 0,
				      is_sync ? CRYPTO_ALG_ASYNC : 0);
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
	return aead_alloc(cipher, key, fixed_iv, false);
}

/**
 * dtls_aead_alloc_sync() - make a key whose operations never sleep
 * @cipher: as for dtls_aead_alloc()
 * @key: likewise
 * @fixed_iv: likewise
 *
 * Context: process.
 * Return: as dtls_aead_alloc(); the key's operations may be prepared, used and
 *	freed in softirq too.
 */
struct dtls_aead *dtls_aead_alloc_sync(const struct dtls_cipher *cipher,
				       const u8 *key, const u8 *fixed_iv)
{
	return aead_alloc(cipher, key, fixed_iv, true);
}

/**
 * dtls_aead_driver() - who would seal and open with a cipher's keys
 * @cipher: which AEAD
 * @name: as /proc/crypto has it
 * @len: room there, bytes
 *
 * Context: process.
 * Return: 0; -ENOENT if the kernel lacks the cipher; -ENOMEM.
 */
int dtls_aead_driver(const struct dtls_cipher *cipher, char *name, size_t len)
{
	struct crypto_aead *tfm = crypto_alloc_aead(cipher->alg, 0, 0);

	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	strscpy(name, crypto_tfm_alg_driver_name(crypto_aead_tfm(tfm)), len);
	crypto_free_aead(tfm);
	return 0;
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

static u16 payload_len(const struct dtls_aead *aead,
		       const struct dtls_record *rec)
{
	return rec->len - dtls_cipher_expansion(aead->cipher);
}

static void put_iv(const struct dtls_aead *aead, const struct dtls_record *rec,
		   const u8 *explicit, u8 *iv)
{
	const struct dtls_cipher *cipher = aead->cipher;

	memset(iv, 0, MAX_IV_LEN);
	if (cipher->ccm_flags)
		*iv++ = cipher->ccm_flags;
	dtls_cipher_put_nonce(cipher, iv, aead->fixed_iv, explicit,
			      rec->number);
}

/* As far as the scatterlists. */
static size_t op_size(const struct dtls_aead *aead)
{
	return ALIGN(sizeof(struct dtls_aead_op) +
		     crypto_aead_reqsize(aead->tfm), sizeof(void *));
}

/* The additional data, and behind it what is to be filled in. */
static void init_list(struct dtls_aead_op *op, struct scatterlist *list,
		      unsigned int nents)
{
	if (nents > 1) {
		sg_init_table(list, 1 + nents);
	} else {
		list[0] = (struct scatterlist){};
		list[1] = (struct scatterlist){};
		sg_mark_end(&list[1]);
	}
	sg_set_buf(list, op->aad, sizeof(op->aad));
}

static struct dtls_aead_op *op_get(size_t size, gfp_t gfp)
{
	bool is_spare = size <= SPARE_SIZE;
	struct dtls_aead_op *op = NULL;

	if (is_spare)
		op = this_cpu_xchg(spare_op, NULL);
	if (op)
		return op;
	if (is_spare)
		op = (void *)__get_free_page(gfp | __GFP_NOWARN);
	else
		op = kmalloc(size, gfp | __GFP_NOWARN);
	if (op) {
		op->is_spare = is_spare;
		op->size = 0;
	}
	return op;
}

/* As it stays for operations of the same size in place. */
static void lay_out(struct dtls_aead_op *op, size_t size, unsigned int nents)
{
	op->size = size;
	op->nents = nents;
	op->from = (void *)op + size;
	op->to = nents ? op->from + NENTS_FROM : op->from;
	op->room = (u8 *)(op->to + 1 + (nents ?: 1));
	init_list(op, op->from, 1);
	if (nents)
		init_list(op, op->to, nents);
	crypto_init_wait(&op->wait);
}

static void wipe(struct dtls_aead_op *op)
{
	memzero_explicit(op->iv, op->size - offsetof(struct dtls_aead_op, iv));
}

static void op_release(struct dtls_aead_op *op)
{
	wipe(op);
	if (op->is_spare)
		free_page((unsigned long)op);
	else
		kfree(op);
}

static void op_put(struct dtls_aead_op *op)
{
	if (!op->is_spare || this_cpu_cmpxchg(spare_op, NULL, op))
		op_release(op);
}

/**
 * dtls_aead_exit() - forget what processors keep
 *
 * Context: process, module unload; there's no key any more.
 */
void dtls_aead_exit(void)
{
	struct dtls_aead_op *op;
	int cpu;

	for_each_possible_cpu(cpu) {
		op = per_cpu(spare_op, cpu);
		if (op)
			op_release(op);
	}
}

/**
 * dtls_aead_op_alloc() - prepare for operations, one after the other
 * @aead: the key; lives as long as there are operations
 * @nents: pieces of memory that the list may name; 0: there's none, but text in
 *	one piece
 * @room: bytes of memory for the caller's use
 *
 * Context: process; any for a key of dtls_aead_alloc_sync().
 * Return: the operation, to be freed by dtls_aead_op_free(); NULL for want of
 *	memory.
 */
struct dtls_aead_op *dtls_aead_op_alloc(const struct dtls_aead *aead,
					unsigned int nents, size_t room)
{
	size_t lists = NENTS_FROM + (nents ? 1 + nents : 0);
	size_t size = op_size(aead);
	struct dtls_aead_op *op;

	op = op_get(size + lists * sizeof(*op->from) + room,
		    aead->is_sync ? GFP_ATOMIC : GFP_KERNEL);
	if (!op)
		return NULL;
	op->aead = aead;
	op->leaves_key = aead->cipher->leaves_key;
	if (op->size != size || op->nents || nents)
		lay_out(op, size, nents);
	return op;
}

/**
 * dtls_aead_op_free() - wipe and free
 * @op: the operation; the cipher has answered, and the key may be gone
 *
 * Context: any.
 */
void dtls_aead_op_free(struct dtls_aead_op *op)
{
	/* The rest is addresses; and what the caller has is for him to wipe. */
	memzero_explicit(op->iv, sizeof(op->iv));
	if (op->leaves_key)
		wipe(op);
	op_put(op);
}

/**
 * dtls_aead_op_room() - the memory that was asked for
 * @op: the operation
 *
 * Context: any.
 * Return: its address; a scatterlist may name it.
 */
u8 *dtls_aead_op_room(const struct dtls_aead_op *op)
{
	return op->room;
}

/**
 * dtls_aead_op_list() - where the text goes, or stands
 * @op: an operation with a list
 *
 * Context: any.
 * Return: as many entries as dtls_aead_op_alloc() was told.
 */
struct scatterlist *dtls_aead_op_list(const struct dtls_aead_op *op)
{
	return op->to + 1;
}

static void prepare(struct dtls_aead_op *op, const struct dtls_record *rec,
		    const u8 *explicit)
{
	size_t aad_len;

	aad_len = dtls_record_put_aad(op->aad, rec, payload_len(op->aead, rec));
	put_iv(op->aead, rec, explicit, op->iv);
	op->from->length = aad_len;
	op->to->length = aad_len;
	/* For each record: some ciphers put their own there. */
	aead_request_set_tfm(&op->req, op->aead->tfm);
	aead_request_set_callback(&op->req, op->aead->is_sync ? 0 :
				  CRYPTO_TFM_REQ_MAY_SLEEP |
				  CRYPTO_TFM_REQ_MAY_BACKLOG,
				  crypto_req_done, &op->wait);
	aead_request_set_ad(&op->req, aad_len);
}

static void set_from(struct dtls_aead_op *op, const struct dtls_record *rec,
		     u8 *fragment)
{
	const struct dtls_cipher *cipher = op->aead->cipher;

	sg_set_buf(&op->from[1], fragment + cipher->explicit_len,
		   rec->len - cipher->explicit_len);
}

/**
 * dtls_aead_seal() - encrypt a record where it stands
 * @op: an operation in place
 * @rec: its header; @rec->number was never used with this key before
 * @fragment: @rec->len bytes in memory that a scatterlist may name: room for
 *	the explicit nonce, the content, room for the tag
 *
 * Context: process; waits for a cipher that answers later.
 * Return: 0; -ENOMEM; what the cipher says.
 * Source: RFC 5246, 6.2.3.3; RFC 5288; RFC 6655; RFC 7905.
 */
int dtls_aead_seal(struct dtls_aead_op *op, const struct dtls_record *rec,
		   u8 *fragment)
{
	dtls_cipher_put_explicit(op->aead->cipher, fragment, rec->number);
	prepare(op, rec, fragment);
	set_from(op, rec, fragment);
	aead_request_set_crypt(&op->req, op->from, op->to,
			       payload_len(op->aead, rec), op->iv);
	return crypto_wait_req(crypto_aead_encrypt(&op->req), &op->wait);
}

/**
 * dtls_aead_seal_listed() - encrypt a record where it stands in pieces
 * @op: an operation whose list names content and room for the tag
 * @rec: its header, as for dtls_aead_seal()
 * @explicit: its explicit nonce, that of @rec->number
 *
 * Context: process; any for a key of dtls_aead_alloc_sync().
 * Return: as dtls_aead_seal().
 * Source: as dtls_aead_seal().
 */
int dtls_aead_seal_listed(struct dtls_aead_op *op,
			  const struct dtls_record *rec, const u8 *explicit)
{
	prepare(op, rec, explicit);
	aead_request_set_crypt(&op->req, op->to, op->to,
			       payload_len(op->aead, rec), op->iv);
	return crypto_wait_req(crypto_aead_encrypt(&op->req), &op->wait);
}

static int decrypt(struct dtls_aead_op *op, struct scatterlist *from,
		   unsigned int len)
{
	aead_request_set_crypt(&op->req, from, op->to, len, op->iv);
	return crypto_wait_req(crypto_aead_decrypt(&op->req), &op->wait);
}

/**
 * dtls_aead_open() - authenticate a record, and decrypt it
 * @op: an operation in place, or one whose list names where the text goes
 * @rec: its header; @rec->len is at least the cipher's expansion
 * @fragment: @rec->len bytes, as for dtls_aead_seal(), where nobody else may
 *	write: ciphers read it twice, to authenticate and to decrypt. In place,
 *	after a failure they hold nothing that may be used
 *
 * Context: process; waits for a cipher that answers later.
 * Return: 0, and the content stands behind the explicit nonce, or where it was
 *	to go; -EBADMSG if the record isn't authentic; -ENOMEM; what the cipher
 *	says.
 * Source: RFC 5246, 6.2.3.3; RFC 5288; RFC 6655; RFC 7905.
 */
int dtls_aead_open(struct dtls_aead_op *op, const struct dtls_record *rec,
		   u8 *fragment)
{
	prepare(op, rec, fragment);
	set_from(op, rec, fragment);
	return decrypt(op, op->from, op->from[1].length);
}

/**
 * dtls_aead_open_listed() - likewise, where it stands in pieces
 * @op: an operation whose list names text and tag
 * @rec: its header, as for dtls_aead_open()
 * @explicit: its explicit nonce
 *
 * Context: process; waits for a cipher that answers later.
 * Return: as dtls_aead_open().
 * Source: as dtls_aead_open().
 */
int dtls_aead_open_listed(struct dtls_aead_op *op,
			  const struct dtls_record *rec, const u8 *explicit)
{
	prepare(op, rec, explicit);
	return decrypt(op, op->to, rec->len - op->aead->cipher->explicit_len);
}
