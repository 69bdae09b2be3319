package compare

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// load is what the machine did: ticks of all its processors, and what this process
// used of them.
type load struct {
	known             bool
	all, idle, stolen float64 // ticks
	own               time.Duration
}

// tick is the unit in which Linux tells them (USER_HZ, proc(5)).
const tick = 10 * time.Millisecond

// readLoad is unknown where there is no /proc/stat.
func readLoad() load {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return load{}
	}
	l, ok := parseLoad(text)
	own, known := processTime()
	l.own, l.known = own, ok && known
	return l
}

// parseLoad reads the first line: "cpu", then user, nice, system, idle, iowait, irq,
// softirq, steal, guest, guest_nice; guests are in user already.
func parseLoad(text []byte) (load, bool) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 9 || string(fields[0]) != "cpu" {
		return load{}, false
	}
	var l load
	for i, f := range fields[1:9] {
		ticks, err := strconv.ParseFloat(string(f), 64)
		if err != nil {
			return load{}, false
		}
		l.all += ticks
		switch i {
		case 3, 4:
			l.idle += ticks
		case 7:
			l.stolen += ticks
		}
	}
	return l, true
}

// since is what happened between two readings: which share of all processors' time
// others used, and which was taken by whoever runs this machine.
func (l load) since(before load) (others, stolen float64, known bool) {
	all := l.all - before.all
	if !l.known || !before.known || all < 10 {
		return 0, 0, false
	}
	own := float64(l.own-before.own) / float64(tick)
	busy := all - (l.idle - before.idle) - (l.stolen - before.stolen)
	return max(busy-own, 0) / all, max(l.stolen-before.stolen, 0) / all, true
}
