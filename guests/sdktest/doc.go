// Package sdktest is the conformance suite for the SDKs in other languages than
// Go: what its tests run is what "is an SDK" means. An SDK keeps four
// strategies in its folder and has one entry in the tests' list of SDKs:
//
//	tck                  package guests/tck/tck in that language
//	examples/riskscore   release 2 of riskscore
//	testdata/mirror      answers {"value": v} with {"value": v}, made anew from
//	                     what it read; members of maps are put last first
//	testdata/host        asks the host for everything, see hostCalls
//
// The suite builds them as `swapline build` does, runs the drivers' own suite
// on tck, compares riskscore with the Go release on its golden cases, on
// thousands of payments and on bad configs, sends mirror random values and
// random bytes, and looks at what the host strategy asks for. Of the exports for
// measurements it wants that decode reads every value, that echo gives back the same
// bytes, and that a comparison says where its figures come from; so it does of the SDK
// of Go. The guest in JSON, which has no SDK, takes the part with riskscore. Where a language's compiler is
// not installed its part is skipped, see [NeedTool].
package sdktest
