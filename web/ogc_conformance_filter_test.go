package web_test

var features3 []conformanceTest
