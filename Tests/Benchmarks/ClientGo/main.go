// client-go's informers on the server of cache-bench, to be measured beside ours: build it where k8s.io/client-go is vendored.
//
//	go build -mod=vendor -o client-go-informer . && ./client-go-informer -server http://127.0.0.1:18099
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

func rss() int64 {
	b, _ := os.ReadFile("/proc/self/statm")
	var a, r int64
	fmt.Sscan(string(b), &a, &r)
	return r * 4096
}

func main() {
	server := flag.String("server", "http://127.0.0.1:18099", "")
	strip := flag.Bool("strip", false, "")
	flag.Parse()
	client, err := kubernetes.NewForConfig(&rest.Config{Host: *server, QPS: -1})
	if err != nil {
		panic(err)
	}
	f := informers.NewSharedInformerFactory(client, 0)
	pods := f.Core().V1().Pods().Informer()
	nodes := f.Core().V1().Nodes().Informer()
	if *strip {
		pods.SetTransform(func(o interface{}) (interface{}, error) {
			if p, ok := o.(*corev1.Pod); ok {
				p.ManagedFields = nil
			}
			return o, nil
		})
	}
	before := rss()
	start := time.Now()
	stop := make(chan struct{})
	f.Start(stop)
	cache.WaitForCacheSync(stop, pods.HasSynced, nodes.HasSynced)
	took := time.Since(start)
	n := len(pods.GetStore().ListKeys())
	runtime.GC()
	debug.FreeOSMemory()
	after := rss()
	fmt.Println("client-go synced", n, "pods in", took, "resident", (after-before)/int64(n), "octets a pod", after>>20, "MiB", strings.TrimSpace(runtime.Version()))
}
