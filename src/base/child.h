/*
 * Code that runs between clone3(2) and execve(2) in the child.
 *
 * Such a function is marked CHILD and lands in its own section, .text.child: no malloc, stdio, NSS, locale, setenv. test/lint/child-safety
 * reads the relocations of that section and proves that nothing else is called. base/ functions that child code needs are CHILD too.
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#define CHILD __attribute__((section(".text.child")))

#endif
