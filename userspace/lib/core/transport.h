/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What differs between datagrams and a stream. */
#ifndef KDTLS_CORE_TRANSPORT_H
#define KDTLS_CORE_TRANSPORT_H

#include <stdbool.h>
#include <sys/types.h>

#include "kdtls-core.h"

/**
 * struct kdtls_transport - DTLS over UDP, or TLS over TCP
 * @is_stream: kdtls_is_stream()
 * @send: kdtls_send()
 * @recv: kdtls_recv()
 * @sendfile: kdtls_sendfile()
 * @handshake_record: kdtls_handshake_record()
 * @max_payload: kdtls_max_payload()
 * @stats: kdtls_stats()
 * @info: kdtls_info()
 * @rekey: kdtls_rekey()
 * @export_state: kdtls_export()
 * @detach: kdtls_detach()
 * @release: wipes and frees what's the transport's own
 */
struct kdtls_transport {
	bool is_stream;
	ssize_t (*send)(struct kdtls *k, unsigned char type, const void *buf,
			size_t len, int flags);
	ssize_t (*recv)(struct kdtls *k, unsigned char *type, void *buf,
			size_t len, int flags);
	ssize_t (*sendfile)(struct kdtls *k, int in_fd, off_t *offset,
			    size_t count);
	int (*handshake_record)(struct kdtls *k, const void *content,
				size_t len);
	int (*max_payload)(const struct kdtls *k);
	int (*stats)(const struct kdtls *k, struct dtls_stats *stats,
		     size_t size);
	int (*info)(const struct kdtls *k, struct dtls_info *info, size_t size);
	int (*rekey)(struct kdtls *k);
	ssize_t (*export_state)(struct kdtls *k, void *state, size_t size);
	int (*detach)(struct kdtls *k, unsigned int how);
	void (*release)(struct kdtls *k);
};

extern const struct kdtls_transport kdtls_datagram;
extern const struct kdtls_transport kdtls_stream;

#endif
