// Package swapline is the root of the module. It holds the digest of the contract
// between a host and its plugins (contract.go), which only a package above both of
// its packages can embed, and the tests that keep the house in order.
//
// architecture_test.go says who may import whom, each rule with its reason, and
// keeps the words for kinds of artifacts where they belong. house_test.go keeps
// package comments, file sizes and names, and the promises of the README.
//
// To embed the runtime in a program, start at package runtime; to write a
// strategy, at packages abi and guests/go; to run it all, at cmd/swapline.
package swapline
