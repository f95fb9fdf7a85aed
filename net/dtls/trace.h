/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: /sys/kernel/tracing/events/dtls. A socket is told by its cookie,
 * as SO_COOKIE, ss -e and generic netlink have it.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM dtls

#if !defined(_DTLS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _DTLS_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "epoch.h"
#include "record.h"
#include "stats.h"

/* Longest name of a reason, with its end. */
#define DTLS_TRACE_REASON_LEN	16

const char *dtls_trace_reason(enum dtls_stat stat);

/*
 * A record is dropped, or a datagram that has none. Of what was to be sent, and of
 * datagrams without a record, epoch and number are 0.
 */
TRACE_EVENT(dtls_drop,
	TP_PROTO(u64 cookie, enum dtls_stat stat, u64 number, u32 len),
	TP_ARGS(cookie, stat, number, len),
	TP_STRUCT__entry(
		__field(u64, cookie)
		__field(u64, seq)
		__field(u32, len)
		__field(u16, epoch)
		__array(char, reason, DTLS_TRACE_REASON_LEN)
	),
	TP_fast_assign(
		__entry->cookie = cookie;
		__entry->seq = dtls_record_seq(number);
		__entry->len = len;
		__entry->epoch = dtls_record_epoch(number);
		strscpy(__entry->reason, dtls_trace_reason(stat),
			DTLS_TRACE_REASON_LEN);
	),
	TP_printk("cookie=%llu reason=%s epoch=%u seq=%llu len=%u",
		  __entry->cookie, __entry->reason, __entry->epoch,
		  __entry->seq, __entry->len)
);

/*
 * A record's number as the window sees it, before it's opened: how far left of the
 * highest one it is, or right of it if that's below 0.
 */
TRACE_EVENT(dtls_window,
	TP_PROTO(const struct dtls_epoch *epoch, u64 seq),
	TP_ARGS(epoch, seq),
	TP_STRUCT__entry(
		__field(u64, cookie)
		__field(u64, seq)
		__field(s64, distance)
		__field(u32, window_bits)
		__field(u16, epoch)
	),
	TP_fast_assign(
		__entry->cookie = epoch->cookie;
		__entry->seq = seq;
		__entry->distance = (s64)(epoch->window.next - seq) - 1;
		__entry->window_bits = epoch->window.bits;
		__entry->epoch = epoch->epoch;
	),
	TP_printk("cookie=%llu epoch=%u seq=%llu distance=%lld window=%u",
		  __entry->cookie, __entry->epoch, __entry->seq,
		  __entry->distance, __entry->window_bits)
);

/* A key is installed; of the first epoch, or of the next. */
TRACE_EVENT(dtls_rekey,
	TP_PROTO(const struct dtls_epoch *epoch, bool is_tx),
	TP_ARGS(epoch, is_tx),
	TP_STRUCT__entry(
		__field(u64, cookie)
		__field(u16, epoch)
		__field(u16, cipher)
		__field(bool, is_tx)
	),
	TP_fast_assign(
		__entry->cookie = epoch->cookie;
		__entry->epoch = epoch->epoch;
		__entry->cipher = dtls_aead_cipher(epoch->aead)->type;
		__entry->is_tx = is_tx;
	),
	TP_printk("cookie=%llu direction=%s epoch=%u cipher=%u",
		  __entry->cookie, __entry->is_tx ? "tx" : "rx",
		  __entry->epoch, __entry->cipher)
);

/* A key nears its limit, or has reached it. */
TRACE_EVENT(dtls_limit,
	TP_PROTO(const struct dtls_epoch *epoch, u64 uses, bool is_end),
	TP_ARGS(epoch, uses, is_end),
	TP_STRUCT__entry(
		__field(u64, cookie)
		__field(u64, uses)
		__field(u64, limit)
		__field(u16, epoch)
		__field(bool, is_tx)
		__field(bool, is_end)
	),
	TP_fast_assign(
		__entry->cookie = epoch->cookie;
		__entry->uses = uses;
		__entry->limit = READ_ONCE(epoch->limits.limit);
		__entry->epoch = epoch->epoch;
		__entry->is_tx = !epoch->window.ring;
		__entry->is_end = is_end;
	),
	TP_printk("cookie=%llu direction=%s epoch=%u uses=%llu limit=%llu %s",
		  __entry->cookie, __entry->is_tx ? "tx" : "rx",
		  __entry->epoch, __entry->uses, __entry->limit,
		  __entry->is_end ? "reached" : "near")
);

DECLARE_EVENT_CLASS(dtls_socket,
	TP_PROTO(u64 cookie, const struct sock *sk),
	TP_ARGS(cookie, sk),
	TP_STRUCT__entry(
		__field(u64, cookie)
		__field(u32, netns)
		__field(u16, family)
		__field(u16, sport)
		__field(u16, dport)
		__array(u8, saddr, sizeof(struct in6_addr))
		__array(u8, daddr, sizeof(struct in6_addr))
	),
	TP_fast_assign(
		struct in6_addr *saddr = (struct in6_addr *)__entry->saddr;
		struct in6_addr *daddr = (struct in6_addr *)__entry->daddr;

		__entry->cookie = cookie;
		__entry->netns = sock_net(sk)->ns.inum;
		__entry->family = sk->sk_family;
		__entry->sport = inet_sk(sk)->inet_num;
		__entry->dport = ntohs(sk->sk_dport);
		ipv6_addr_set_v4mapped(sk->sk_rcv_saddr, saddr);
		ipv6_addr_set_v4mapped(sk->sk_daddr, daddr);
#if IS_ENABLED(CONFIG_IPV6)
		if (sk->sk_family == AF_INET6) {
			*saddr = sk->sk_v6_rcv_saddr;
			*daddr = sk->sk_v6_daddr;
		}
#endif
	),
	TP_printk("cookie=%llu netns=%u saddr=%pI6c sport=%u daddr=%pI6c dport=%u",
		  __entry->cookie, __entry->netns, __entry->saddr,
		  __entry->sport, __entry->daddr, __entry->dport)
);

DEFINE_EVENT(dtls_socket, dtls_attach,
	TP_PROTO(u64 cookie, const struct sock *sk),
	TP_ARGS(cookie, sk)
);

/* Its keys are wiped: on request, or as it's closed. */
DEFINE_EVENT(dtls_socket, dtls_detach,
	TP_PROTO(u64 cookie, const struct sock *sk),
	TP_ARGS(cookie, sk)
);

/* A key goes into a network card (@err: what came of it), or out of one. */
TRACE_EVENT(dtls_offload,
	TP_PROTO(const char *dev, bool is_add, bool is_tx, int err),
	TP_ARGS(dev, is_add, is_tx, err),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__field(int, err)
		__field(bool, is_add)
		__field(bool, is_tx)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev, IFNAMSIZ);
		__entry->err = err;
		__entry->is_add = is_add;
		__entry->is_tx = is_tx;
	),
	TP_printk("dev=%s %s direction=%s err=%d", __entry->dev,
		  __entry->is_add ? "add" : "delete",
		  __entry->is_tx ? "tx" : "rx", __entry->err)
);

#endif /* _DTLS_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
