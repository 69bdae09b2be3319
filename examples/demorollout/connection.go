package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/swapline/swapline/examples/demorollout/model"
)

const headerCustomer = "X-Customer"

// connection is one kept-alive HTTP connection: as little of a client as can be,
// because it shares the machine with what it measures.
type connection struct {
	host *host
	conn net.Conn
	read *bufio.Reader
	out  bytes.Buffer
}

// answer is one response as a client saw it.
type answer struct {
	status     int
	version    string // of the release that the headers name
	variant    string
	generation uint64
	body       []byte
	received   time.Time
	executed   time.Duration // in the strategy, as Server-Timing has it
}

// ask sends one payment. There is no second try.
func (c *connection) ask(customer string, p model.Payment) (answer, error) {
	if c.conn == nil {
		conn, err := net.Dial("tcp", c.host.address)
		if err != nil {
			return answer{}, err
		}
		c.conn, c.read = conn, bufio.NewReader(conn)
	}
	a, err := c.roundTrip(customer, p)
	if err != nil {
		c.close()
	}
	return a, err
}

func (c *connection) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

func (c *connection) roundTrip(customer string, p model.Payment) (answer, error) {
	body := `{"reference":"` + p.Reference + `","amount":` + strconv.FormatInt(p.Amount, 10) + `}`
	c.out.Reset()
	fmt.Fprintf(&c.out, "POST /v1/strategies/%s/execute HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
		strategy, c.host.address, c.host.token, headerCustomer, customer, len(body), body)
	if _, err := c.conn.Write(c.out.Bytes()); err != nil {
		return answer{}, err
	}
	res, err := http.ReadResponse(c.read, nil)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, body: raw, received: time.Now(), variant: res.Header.Get("Swapline-Variant"),
		executed: execution(res.Header.Get("Server-Timing"))}
	_, a.version, _ = strings.Cut(res.Header.Get("Swapline-Release"), "@")
	a.generation, err = strconv.ParseUint(res.Header.Get("Swapline-Generation"), 10, 64)
	if err != nil {
		return a, fmt.Errorf("status %d without a generation: %s", a.status, raw)
	}
	if res.Close {
		c.close()
	}
	return a, nil
}

// execution reads the time in the strategy: queue;dur=0.001, exec;dur=0.042 in
// milliseconds.
func execution(timing string) time.Duration {
	_, text, _ := strings.Cut(timing, "exec;dur=")
	ms, _ := strconv.ParseFloat(text, 64)
	return time.Duration(ms * float64(time.Millisecond))
}

// decided reads the answer's body.
func (a answer) decided() (model.Answer, error) {
	var d model.Answer
	return d, json.Unmarshal(a.body, &d)
}
