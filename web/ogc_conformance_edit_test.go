package web_test

var features4 []conformanceTest
