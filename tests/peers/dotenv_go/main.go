// Answers on stdout what Docker Compose and `docker run --env-file` make of the .env texts on stdin.
//
// A message is a list of strings: their number, then the length and the UTF-8 bytes of each;
// numbers are uint32, little-endian. A question is [reader, text, name, value, …] with the
// environment; the answer is ["ok" | "error", name, value, …] with what the text defines.
package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/docker/cli/pkg/kvfile"
	"github.com/sirupsen/logrus"
)

func readNumber(input io.Reader) (uint32, error) {
	var number uint32
	err := binary.Read(input, binary.LittleEndian, &number)
	return number, err
}

func readMessage(input io.Reader) ([]string, error) {
	count, err := readNumber(input)
	if err != nil {
		return nil, err
	}
	message := make([]string, count)
	for i := range message {
		length, err := readNumber(input)
		if err != nil {
			return nil, err
		}
		text := make([]byte, length)
		if _, err := io.ReadFull(input, text); err != nil {
			return nil, err
		}
		message[i] = string(text)
	}
	return message, nil
}

func writeMessage(output *bufio.Writer, message []string) error {
	numbers := func(n int) { _ = binary.Write(output, binary.LittleEndian, uint32(n)) }
	numbers(len(message))
	for _, text := range message {
		numbers(len(text))
		_, _ = output.WriteString(text)
	}
	return output.Flush()
}

func read(reader string, text string, environment map[string]string) (map[string]string, error) {
	lookup := func(name string) (string, bool) {
		value, found := environment[name]
		return value, found
	}
	if reader == "compose" {
		return dotenv.ParseWithLookup(strings.NewReader(text), lookup)
	}
	lines, err := kvfile.ParseFromReader(strings.NewReader(text), lookup)
	variables := map[string]string{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=")
		variables[name] = value
	}
	return variables, err
}

func main() {
	logrus.SetOutput(io.Discard)
	input, output := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		question, err := readMessage(input)
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(err)
		}
		environment := map[string]string{}
		for i := 2; i < len(question); i += 2 {
			environment[question[i]] = question[i+1]
		}
		variables, err := read(question[0], question[1], environment)
		answer := []string{"ok"}
		if err != nil {
			answer[0] = "error"
		}
		for name, value := range variables {
			answer = append(answer, name, value)
		}
		if err := writeMessage(output, answer); err != nil {
			panic(err)
		}
	}
}
