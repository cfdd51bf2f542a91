/* Edits to a JSON document: what a plugin answers with. Pure; results share what they did not change with their operands. */
#ifndef SPEC_PATCH_H
#define SPEC_PATCH_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

/**
 * patch_merge - a JSON Merge Patch (RFC 7396): objects are merged member by member, null removes a member, anything else replaces what was there.
 * @target: NULL: there is nothing yet.
 */
const struct json *patch_merge(struct arena *arena, const struct json *target, const struct json *patch);

/**
 * patch_append - add to the lists of a document: @more is shaped like the document, with objects on the way and arrays at the ends, whose items go behind
 * those that are there. An item that is there already is left out; missing objects and arrays are made.
 * Return: 0, or -1 after fail(): "append.process.env: expected an array, as in the document".
 */
int patch_append(struct arena *arena, struct error *e, const struct json *target, const struct json *more, const struct json **ret);

#endif
