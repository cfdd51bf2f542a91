/* The payload of the benchmarks: as static and as short as a program can be with musl, or they would measure the payload's libc. */
int main(void)
{
	return 0;
}
