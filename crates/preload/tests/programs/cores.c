/* Prints every number of cores that a program can ask for, then binds itself and two threads to the last core. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static void *asks(void *to) {
    cpu_set_t set;
    *(int *)to = pthread_getaffinity_np(pthread_self(), sizeof set, &set) ? -1 : CPU_COUNT(&set);
    return NULL;
}

int main(void) {
    cpu_set_t set;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    printf("sysconf %ld %ld page %ld\n", cores, sysconf(_SC_NPROCESSORS_CONF), sysconf(_SC_PAGESIZE));
    printf("get_nprocs %d %d\n", get_nprocs(), get_nprocs_conf());
    int got = sched_getaffinity(0, sizeof set, &set);
    printf("sched_getaffinity %d %d\n", got, CPU_COUNT(&set));

    unsigned long word = 0;
    errno = 0;
    got = sched_getaffinity(0, sizeof word, (cpu_set_t *)&word);
    printf("one word %d %d %lx\n", got, errno, word);
    errno = 0;
    got = sched_getaffinity(-5, sizeof set, &set);
    printf("no process %d %d\n", got, errno);
    printf("no name %ld\n", sysconf(-1));

    int seen[2];
    pthread_t threads[2];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    CPU_ZERO(&set);
    CPU_SET((size_t)cores - 1, &set);
    printf("attribute %d\n", pthread_attr_setaffinity_np(&attributes, sizeof set, &set));
    for (int i = 0; i < 2; i++) printf("create %d\n", pthread_create(&threads[i], &attributes, asks, &seen[i]));
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL), printf("thread %d\n", seen[i]);
    printf("bind %d %d\n", sched_setaffinity(0, sizeof set, &set), pthread_setaffinity_np(pthread_self(), sizeof set, &set));
    return 0;
}
