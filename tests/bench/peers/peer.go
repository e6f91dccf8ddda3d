// SPDX-License-Identifier: MIT

// The rows of `make bench` in Go. usage: go ROW; prints one figure in the row's unit;
// exit status 2: there is no such row here.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

func per(start time.Time, count int) float64 {
	return float64(time.Since(start).Nanoseconds()) / float64(count)
}

func yields(count int) float64 {
	runtime.GOMAXPROCS(1)
	each := 1000000 / count
	var all sync.WaitGroup
	all.Add(count)
	for i := 0; i < count; i++ {
		go func() {
			for n := 0; n < each; n++ {
				runtime.Gosched()
			}
			all.Done()
		}()
	}
	start := time.Now()
	all.Wait()
	return per(start, each*count)
}

func spawns() float64 {
	runtime.GOMAXPROCS(1)
	const count = 200000
	start := time.Now()
	for i := 0; i < count; i++ {
		done := make(chan struct{})
		go func() { close(done) }()
		<-done
	}
	return per(start, count)
}

func trips(cores int) float64 {
	runtime.GOMAXPROCS(cores)
	const count = 200000
	there, back := make(chan int), make(chan int)
	go func() {
		for ball := range there {
			back <- ball
		}
	}()
	start := time.Now()
	for i := 0; i < count; i++ {
		there <- i
		<-back
	}
	return per(start, count)
}

func select4() float64 {
	runtime.GOMAXPROCS(1)
	const count = 1000000
	var ch [4]chan int
	for i := range ch {
		ch[i] = make(chan int, 1)
	}
	start := time.Now()
	for i := 0; i < count; i++ {
		ch[i&3] <- i
		select {
		case <-ch[0]:
		case <-ch[1]:
		case <-ch[2]:
		case <-ch[3]:
		}
	}
	return per(start, count)
}

func locks() float64 {
	const count = 2000000
	var mutex sync.Mutex
	start := time.Now()
	for i := 0; i < count; i++ {
		mutex.Lock()
		mutex.Unlock()
	}
	return per(start, count)
}

func main() {
	rows := map[string]func() float64{
		"yield":             func() float64 { return yields(2) },
		"yield_1000":        func() float64 { return yields(1000) },
		"spawn_join":        spawns,
		"chan_roundtrip":    func() float64 { return trips(1) },
		"chan_cross_worker": func() float64 { return trips(2) },
		"select4":           select4,
		"mutex":             locks,
	}
	if len(os.Args) > 1 {
		if measure := rows[os.Args[1]]; measure != nil {
			fmt.Println(measure())
			return
		}
	}
	os.Exit(2)
}
