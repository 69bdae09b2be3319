package nativeplugin

import (
	"cmp"
	"expvar"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"time"
)

// condition is what a plugin can see of its process and shares with everybody
// in it. It is text, for comparison and for people.
type condition struct {
	facts       map[string]string // what must stay as it is
	registered  map[string]bool   // what is once per process
	goroutines  map[string]int    // by the place that started them
	running     int               // goroutines
	descriptors map[string]string
	resident    int64 // bytes
}

func look() condition {
	c := condition{facts: map[string]string{}, registered: registrations(), descriptors: openDescriptors()}
	for _, add := range []func(map[string]string){environmentFacts, runtimeFacts, libraryFacts, systemFacts} {
		add(c.facts)
	}
	c.goroutines, c.running = goroutines()
	c.resident, _ = memoryOfProcess()
	return c
}

// compare looks again. Much of what the system tells flickers for an instant,
// such as the signals that a thread blocks: a change has to stay.
func (t *trial) compare() findings {
	const looks = 5
	var now condition
	var f findings
	debug.FreeOSMemory() // what it grew by is what it keeps
	for i := range looks {
		if i > 0 {
			time.Sleep(10 * time.Millisecond)
		}
		now = look()
		if f.Changed = now.changes(t.before); len(f.Changed) == 0 {
			break
		}
	}
	f.Goroutines, f.Where = now.started(t.before)
	f.Descriptors = max(0, len(now.descriptors)-len(t.before.descriptors))
	for name := range now.registered {
		if !t.before.registered[name] {
			f.Registered = append(f.Registered, name)
		}
	}
	slices.Sort(f.Registered)
	_, f.Peak = memoryOfProcess()
	f.Grown = max(0, now.resident-t.before.resident)
	return f
}

// changes lists facts that are not as they were, and files that are not open
// any more or were replaced.
func (c condition) changes(before condition) (list []change) {
	for what, was := range before.facts {
		if is := c.facts[what]; is != was {
			list = append(list, change{what, was, is})
		}
	}
	for what, is := range c.facts {
		if _, known := before.facts[what]; !known {
			list = append(list, change{what, "", is})
		}
	}
	for number, was := range before.descriptors {
		if is := c.descriptors[number]; is != was {
			list = append(list, change{"file descriptor " + number, was, is})
		}
	}
	for i, c := range list {
		list[i] = c.withoutSecrets()
	}
	slices.SortFunc(list, func(a, b change) int { return cmp.Compare(a.What, b.What) })
	return list
}

// withoutSecrets leaves out values of the environment, which are the operator's
// and none of the publisher's business.
func (c change) withoutSecrets() change {
	if strings.HasPrefix(c.What, environmentVariable) {
		c.Was, c.Is = hidden(c.Was, "a value"), hidden(c.Is, "another value")
	}
	return c
}

func hidden(value, words string) string {
	if value == "" {
		return ""
	}
	return words
}

func abridged(s string) string {
	const room = 200
	if len(s) > room {
		return strings.ToValidUTF8(s[:room], "") + "…"
	}
	return s
}

// started counts goroutines that are there now and were not before, and says
// where the most of them were started.
func (c condition) started(before condition) (n int, where []string) {
	more := map[string]int{}
	for place, count := range c.goroutines {
		if count > before.goroutines[place] {
			more[place] = count - before.goroutines[place]
		}
	}
	places := slices.SortedFunc(maps.Keys(more), func(a, b string) int {
		return cmp.Or(cmp.Compare(more[b], more[a]), cmp.Compare(a, b))
	})
	const most = 3
	for _, p := range places[:min(len(places), most)] {
		where = append(where, fmt.Sprintf("%d by %s", more[p], p))
	}
	return max(0, c.running-before.running), where
}

// goroutines counts them by the statement that started them. Of very many it
// tells a part.
func goroutines() (places map[string]int, running int) {
	const most = 4 << 20
	running = runtime.NumGoroutine()
	text := make([]byte, min(most, 1<<10*(running+8)))
	text = text[:runtime.Stack(text, true)]
	places = map[string]int{}
	for part := range strings.SplitSeq(string(text), "\n\n") {
		_, by, ok := strings.Cut(part, "\ncreated by ")
		if !ok {
			continue
		}
		name, at, _ := strings.Cut(by, "\n\t")
		name, _, _ = strings.Cut(name, " in goroutine ")
		at, _, _ = strings.Cut(at, " +0x")
		places[name+" at "+at]++
	}
	return places, running
}

const environmentVariable = "environment variable "

// environmentFacts are the process's environment and folder.
func environmentFacts(facts map[string]string) {
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		facts[environmentVariable+name] = value
	}
	facts["working directory"], _ = os.Getwd()
}

// runtimeFacts are settings of the Go runtime. Some can be read only by setting
// them.
func runtimeFacts(facts map[string]string) {
	for _, s := range readMetrics("/gc/gogc:percent", "/gc/gomemlimit:bytes", "/sched/gomaxprocs:threads") {
		facts["runtime setting "+s.Name] = fmt.Sprint(s.Value.Uint64())
	}
	const some = 1 << 20
	stack := debug.SetMaxStack(some << 10)
	debug.SetMaxStack(stack)
	threads := debug.SetMaxThreads(some)
	debug.SetMaxThreads(threads)
	facts["runtime setting most bytes of a stack"] = fmt.Sprint(stack)
	facts["runtime setting most threads"] = fmt.Sprint(threads)
	facts["runtime setting memory profile rate"] = fmt.Sprint(runtime.MemProfileRate)
	facts["runtime setting mutex profile fraction"] = fmt.Sprint(runtime.SetMutexProfileFraction(-1))
}

func readMetrics(names ...string) []metrics.Sample {
	list := make([]metrics.Sample, len(names))
	for i, name := range names {
		list[i].Name = name
	}
	metrics.Read(list)
	return list
}

// libraryFacts are variables of the standard library that programs like to set
// and everybody in the process shares.
func libraryFacts(facts map[string]string) {
	for name, v := range map[string]any{
		"os.Stdin": os.Stdin, "os.Stdout": os.Stdout, "os.Stderr": os.Stderr,
		"time.Local": time.Local, "flag.CommandLine": flag.CommandLine, "flag.Usage": flag.Usage,
		"net.DefaultResolver": net.DefaultResolver, "http.DefaultServeMux": http.DefaultServeMux,
		"http.DefaultClient": http.DefaultClient, "http.DefaultTransport": http.DefaultTransport,
		"http.DefaultClient.Transport": http.DefaultClient.Transport, "http.DefaultClient.Jar": http.DefaultClient.Jar,
		"http.DefaultClient.CheckRedirect": http.DefaultClient.CheckRedirect,
		"log's default output":             log.Writer(), "slog.Default": slog.Default(), "slog's default handler": slog.Default().Handler(),
	} {
		facts["variable "+name] = identity(v)
	}
	facts["variable os.Args"] = fmt.Sprintf("%q", os.Args)
	facts["variable time.Local"] += " " + time.Local.String()
	facts["variable http.DefaultClient.Timeout"] = http.DefaultClient.Timeout.String()
	facts["variable log's default flags and prefix"] = fmt.Sprintf("%d %q", log.Flags(), log.Prefix())
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		facts["variable http.DefaultTransport.Proxy"] = identity(t.Proxy)
		facts["variable http.DefaultTransport.DialContext"] = identity(t.DialContext)
		facts["variable http.DefaultTransport's check of certificates"] = fmt.Sprint(t.TLSClientConfig == nil || !t.TLSClientConfig.InsecureSkipVerify)
	}
}

// identity tells one value of a pointer, function or interface from another.
func identity(v any) string {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan:
		return fmt.Sprintf("%T at %#x", v, r.Pointer())
	}
	return fmt.Sprintf("%T", v)
}

// registrations lists what a process has once and a second plugin that does the
// same panics at.
func registrations() map[string]bool {
	list := map[string]bool{}
	flag.CommandLine.VisitAll(func(f *flag.Flag) { list["flag "+f.Name] = true })
	expvar.Do(func(v expvar.KeyValue) { list["expvar "+v.Key] = true })
	for _, p := range patterns(http.DefaultServeMux) {
		list["http pattern "+p] = true
	}
	return list
}

// patterns lists what is registered with m, as far as its inside is what it was
// when this was written.
func patterns(m *http.ServeMux) (list []string) {
	defer func() { _ = recover() }()
	index := reflect.ValueOf(m).Elem().FieldByName("index")
	add := func(slice reflect.Value) {
		for i := range slice.Len() {
			list = append(list, slice.Index(i).Elem().FieldByName("str").String())
		}
	}
	add(index.FieldByName("multis"))
	for segments := index.FieldByName("segments").MapRange(); segments.Next(); {
		add(segments.Value())
	}
	slices.Sort(list)
	return slices.Compact(list)
}
