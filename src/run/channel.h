/*
 * The one protocol between hull and the child it cloned, over a SOCK_SEQPACKET pair. Every message is one struct message of fixed size.
 *
 *   child                                   parent
 *   ---------------------------------------------------------------------------------------------------------------
 *   (only with a second hop, run/hop.c)
 *   HOP_TIME                          →     writes /proc/PID/timens_offsets of the hop
 *                                     ←     GO
 *   HOP  number=pid, fd: pidfd        →     goes on with that process; the hop exits
 *   ---------------------------------------------------------------------------------------------------------------
 *   (waits, if plan->parent_first)          parent phase: id maps, cgroup, …; state with the pid is on disk
 *                                     ←     GO      read here, or after SEALED: then both sides work at once. End of file: the child exits
 *   enter …
 *                                     ←     NET, fd: only with plan->late_net; before the GO that comes after SEALED
 *   ENTERED (only with such hooks)    →     prestart and createRuntime hooks
 *                                     ←     GO
 *   FD      number=kind, fd           →     console or seccomp listener
 *   WARNING                           →     logged
 *   … settle, seal
 *   SEALED                            →     create: done. The child reads its FIFO until `hull start`
 *                                     ←     GO (run, only with startContainer hooks: their state now says created)
 *   (execve)                          →     end of file: the payload runs
 *   FAULT, at any time                →     the run has failed
 *
 * After SEALED of a created container there is no parent any more: faults go as text to the FIFO "result" of the state directory (run/state.h).
 */
#ifndef RUN_CHANNEL_H
#define RUN_CHANNEL_H

#include <stdint.h>
#include <sys/types.h>

#include "aspect/aspect.h"

enum message_type {
	MESSAGE_GO = 1,
	MESSAGE_HOP_TIME,
	MESSAGE_HOP,
	MESSAGE_NET,
	MESSAGE_ENTERED,
	MESSAGE_FD,
	MESSAGE_WARNING,
	MESSAGE_SEALED,
	MESSAGE_FAULT
};

enum channel_fd { CHANNEL_FD_CONSOLE = 1, CHANNEL_FD_SECCOMP = 2 };

/*
 * @type: enum message_type
 * @aspect, @phase: where a fault or warning arose
 * @errnum: 0 or a positive errno
 * @text: offset of the message in the section fault_text
 * @a, @b: offsets of the subjects in the plan's arena, 0: none
 * @number: pid, kind of descriptor, or the message's %n
 * @detail: the kernel's own words, or empty
 */
struct message {
	uint32_t type;
	uint16_t aspect, phase;
	int32_t errnum;
	uint32_t text, a, b;
	int64_t number;
	char detail[FAULT_DETAIL_MAX];
};

/**
 * channel_send - send one message, with a descriptor unless @fd is negative. Child code may call it.
 * Return: 0 or -errno.
 */
CHILD int channel_send(int socket, const struct message *m, int fd);

/**
 * channel_receive - receive one message. Child code may call it.
 * @ret_fd: the descriptor that came with it, or NO_FD; NULL: none is expected (a surplus one is closed).
 * Return: 1, 0 at end of file, or -errno (-EBADMSG: wrong size).
 */
CHILD int channel_receive(int socket, struct message *m, int *ret_fd);

/* room for a rendered fault */
enum { FAULT_TEXT_MAX = 512 };

/**
 * fault_render - write the prose of a fault into a fixed buffer: %a, %b and %n replaced. Child code may call it.
 * @text: the message;  @a, @b: subjects or NULL.
 */
CHILD void fault_render(char *buffer, size_t size, const char *text, const char *a, const char *b, int64_t number);

/**
 * channel_fault - turn a FAULT or WARNING record into an error value: "mounts, enter: cannot …: Operation not permitted".
 * Offsets are checked against the section's and the arena's bounds before they are believed.
 */
void channel_fault(const struct plan *p, const struct message *m, struct error *ret_error);

#endif
