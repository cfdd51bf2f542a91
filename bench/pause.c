/* A payload that stays, for `exec` and for containers that live: it sleeps until it is killed. */
#include <unistd.h>

int main(void)
{
	for (;;)
		(void)pause(); /* returns after a signal only */
}
