package sdktest_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/guests/sdktest"
)

// TestNoBytesLeadOutOfTheInput runs the SDK under the address and the undefined
// behaviour sanitizer on well-formed and on damaged values.
func TestNoBytesLeadOutOfTheInput(t *testing.T) {
	program := compileNative(t)
	inputs := inputsFor(20_000)
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "ASAN_OPTIONS=detect_leaks=0")
	var in, complaints bytes.Buffer
	for _, b := range inputs {
		in.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
		in.Write(b)
	}
	cmd.Stdin, cmd.Stderr = &in, &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	good := 0
	for n, b := range inputs {
		size := 4 + int(binary.BigEndian.Uint32(out))
		answer := out[4:size]
		out = out[size:]
		if _, err := wire.DecodeMap(b); err != nil {
			continue
		}
		good++
		if !bytes.Equal(answer, b) {
			t.Fatalf("input %d came back as\n%x, want\n%x", n, answer, b)
		}
	}
	if good < len(inputs)/4 {
		t.Errorf("only %d of %d inputs are well formed", good, len(inputs))
	}
}

func compileNative(t *testing.T) string {
	t.Helper()
	gcc, err := exec.LookPath("gcc")
	sdktest.NeedTool(t, err)
	sources, err := filepath.Glob("../c/sdk/*.c")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "mirror")
	args := append([]string{"-g", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
		"-I", "../c/sdk", "-o", program, "../c/testdata/native/main.c", "../c/testdata/mirror/mirror.c"}, sources...)
	if text, err := exec.Command(gcc, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return program
}
