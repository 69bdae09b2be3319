package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// connection is one kept-alive HTTP connection: as little of a client as can be,
// because it shares the machine with what it measures.
type connection struct {
	address string
	head    string // of every request, up to the length
	conn    net.Conn
	read    *bufio.Reader
	out     []byte
	body    []byte
	seen    uint64 // generation of the last answer
	dials   int
}

func newConnection(h *host, strategy string) *connection {
	return &connection{address: h.address, head: "POST /v1/strategies/" + strategy + "/execute HTTP/1.1\r\nHost: " + h.address +
		"\r\nAuthorization: Bearer " + h.token + "\r\nContent-Type: application/json\r\nContent-Length: "}
}

// reply is what one answer says.
type reply struct {
	status     int
	generation uint64
	release    string
	close      bool
	length     int
}

// ask sends one request and checks the answer. There is no second try.
func (c *connection) ask(n int64) error {
	if c.conn == nil {
		conn, err := net.Dial("tcp", c.address)
		if err != nil {
			return err
		}
		c.conn, c.read = conn, bufio.NewReader(conn)
		c.dials++
	}
	r, err := c.roundTrip(n)
	if err != nil || r.close {
		_ = c.conn.Close()
		c.conn = nil
	}
	if err != nil {
		return err
	}
	return c.check(r, n)
}

func (c *connection) roundTrip(n int64) (r reply, err error) {
	c.body = append(strconv.AppendInt(append(c.body[:0], `{"n":`...), n, 10), '}')
	c.out = append(c.out[:0], c.head...)
	c.out = append(strconv.AppendInt(c.out, int64(len(c.body)), 10), "\r\n\r\n"...)
	if _, err := c.conn.Write(append(c.out, c.body...)); err != nil {
		return r, err
	}
	line, err := c.read.ReadSlice('\n')
	if err != nil {
		return r, fmt.Errorf("no answer: %w", err)
	}
	if len(line) < 12 {
		return r, errors.New("no status line")
	}
	if r.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return r, err
	}
	if err := c.headers(&r); err != nil {
		return r, err
	}
	if cap(c.body) < r.length {
		c.body = make([]byte, r.length)
	}
	c.body = c.body[:r.length]
	_, err = io.ReadFull(c.read, c.body)
	return r, err
}

func (c *connection) headers(r *reply) (err error) {
	r.length = -1
	for {
		line, err := c.read.ReadSlice('\n')
		if err != nil {
			return err
		}
		key, value, ok := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		switch {
		case !ok && r.length < 0:
			return errors.New("an answer without a length")
		case !ok:
			return nil
		}
		switch string(key) {
		case "Content-Length":
			r.length, err = strconv.Atoi(string(value))
		case "Connection":
			r.close = string(value) == "close"
		case "Swapline-Generation":
			r.generation, err = strconv.ParseUint(string(value), 10, 64)
		case "Swapline-Release":
			r.release = string(value)
		}
		if err != nil {
			return err
		}
	}
}

// check wants an answer that is wholly of one release and not older than the last
// one.
func (c *connection) check(r reply, n int64) error {
	_, version, _ := strings.Cut(r.release, "@")
	switch want := `{"n":` + strconv.FormatInt(n, 10) + `,"version":"` + version + `"}`; {
	case r.status != 200:
		return fmt.Errorf("status %d: %s", r.status, c.body)
	case string(c.body) != want:
		return fmt.Errorf("%s answered %s", r.release, c.body)
	case r.generation < c.seen:
		return fmt.Errorf("generation %d after %d", r.generation, c.seen)
	}
	c.seen = r.generation
	return nil
}
