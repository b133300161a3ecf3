import '../tokens.css';
import '../base.css';
import './phone.css';
import { mount } from 'svelte';
import Phone from './Phone.svelte';

mount(Phone, { target: document.getElementById('app')! });
