/*
 * The relay of sd_notify(3): the payload gets a socket of ours, and only its READY=1 reaches the service manager, with the payload's pid.
 *
 * The socket lies in STATE/ID/notify, which is mounted on /run/notify in the container; whoever starts the payload binds it there and listens.
 */
#ifndef RUN_NOTIFY_H
#define RUN_NOTIFY_H

#include "run/handle.h"

/**
 * notify_mount - add the mount of the relay's directory to the job's spec, before it is checked; nothing without NOTIFY_SOCKET.
 */
void notify_mount(struct job *job);

/**
 * notify_make - make the directory in the state, before it is mounted; nothing without NOTIFY_SOCKET.
 */
int notify_make(struct job *job);

/**
 * notify_listen - bind the relay's socket, before the payload starts.
 * Return: a descriptor, NO_FD without NOTIFY_SOCKET or without the directory, or -1 after fail().
 */
int notify_listen(struct job *job);

/**
 * notify_forward - read one message of the payload; a READY=1 in it goes to @host.
 * @host: what NOTIFY_SOCKET says: a path, or @name for an abstract socket.
 * Return: whether the payload is ready.
 */
bool notify_forward(int socket, const char *host, pid_t pid);

/**
 * notify_wait - forward until the payload is ready or has ended.
 */
void notify_wait(int socket, const char *host, const struct launched *child);

#endif
